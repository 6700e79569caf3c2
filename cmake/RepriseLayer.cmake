# Compiler settings that every target of ours has, and the function that declares a layer.
include(GNUInstallDirs)

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES AND REPRISE_IS_TOP_LEVEL)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Build type" FORCE)
endif()

set(CMAKE_CXX_EXTENSIONS OFF)

add_library(reprise_settings INTERFACE)
target_compile_features(reprise_settings INTERFACE cxx_std_20)
# Frame pointers make the stack of a suspended strand readable in 70 ns.
target_compile_options(reprise_settings INTERFACE
  -Wall -Wextra -Wshadow -Wnon-virtual-dtor -fno-omit-frame-pointer
  # Wrong about std::string operator+ at -O2: GCC bug 105651.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)
if(REPRISE_VALGRIND)
  target_compile_definitions(reprise_settings INTERFACE REPRISE_VALGRIND=1)
endif()
if(REPRISE_SANITIZE)
  target_compile_options(reprise_settings INTERFACE
    -fsanitize=${REPRISE_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(reprise_settings INTERFACE -fsanitize=${REPRISE_SANITIZE})
endif()

# With many static programs, linking is a large part of the build.
if(REPRISE_IS_TOP_LEVEL)
  find_program(REPRISE_MOLD mold)
  mark_as_advanced(REPRISE_MOLD)
  # Older versions of g++ do not know the option.
  if(REPRISE_MOLD AND NOT (CMAKE_CXX_COMPILER_ID STREQUAL "GNU"
                           AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 12.1))
    target_link_options(reprise_settings INTERFACE -fuse-ld=mold)
  endif()
endif()

# reprise_compile_together(TARGET): several files of a target are compiled as one, which takes a
# fifth to two fifths of the time: what they include and instantiate is compiled once. Names in
# anonymous namespaces must differ within a target.
function(reprise_compile_together target)
  if(REPRISE_UNITY)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
    # The warning is right for headers, and g++ treats files included here as headers.
    target_compile_options(${target} PRIVATE
      $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-subobject-linkage>)
  endif()
endfunction()

# reprise_lean_debug_info(TARGET): debug information holds functions and lines but neither types nor
# variables nor the namespaces of what was inlined (a quarter of the size, two thirds of the time).
# For code that does not appear in the stacks of reports; the preset `debug` keeps everything.
function(reprise_lean_debug_info target)
  target_compile_options(${target} PRIVATE
    $<$<AND:$<COMPILE_LANG_AND_ID:CXX,GNU,Clang>,$<CONFIG:RelWithDebInfo>>:-g1>)
endfunction()

# reprise_stack_debug_info(TARGET): functions of this layer are in the stacks of reports, which
# leave them out by their namespaces. So it keeps everything, even if a build asks for less, except
# the locations of our own variables at each instruction (two fifths of the size, a fifth of the
# time).
function(reprise_stack_debug_info target)
  target_compile_options(${target} PRIVATE
    $<$<AND:$<COMPILE_LANG_AND_ID:CXX,GNU,Clang>,$<CONFIG:RelWithDebInfo>>:-g2>
    $<$<AND:$<COMPILE_LANG_AND_ID:CXX,GNU>,$<CONFIG:RelWithDebInfo>>:-fno-var-tracking>)
endfunction()

# reprise_without_false_alarms(TARGET): optimizing, g++ 12 takes an empty std::optional or std::variant
# that is moved or compared for one that is read uninitialized (GCC bug 80635).
function(reprise_without_false_alarms target)
  target_compile_options(${target} PRIVATE
    $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-maybe-uninitialized>)
endfunction()

# reprise_quickly_compiled(TARGET): for what is compiled on every machine and is not hot; optimizing
# it takes longer than running it. With less optimization g++ is wrong about uninitialized values.
function(reprise_quickly_compiled target)
  reprise_compile_together(${target})
  target_compile_options(${target} PRIVATE
    $<$<AND:$<COMPILE_LANG_AND_ID:CXX,GNU,Clang>,$<CONFIG:RelWithDebInfo>>:-Og>
    $<$<AND:$<COMPILE_LANG_AND_ID:CXX,GNU>,$<CONFIG:RelWithDebInfo>>:-Wno-maybe-uninitialized>)
endfunction()

# reprise_built_for_one_run(TARGET): tests run for seconds. The code under test keeps its own
# optimization.
function(reprise_built_for_one_run target)
  reprise_quickly_compiled(${target})
  reprise_lean_debug_info(${target})
endfunction()

# reprise_full_debug_info(FILE...): files of such a target whose classes
# tools/gdb/reprise-gdb.py follows, or whose functions stacks show.
function(reprise_full_debug_info)
  set_source_files_properties(${ARGN} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON
    COMPILE_OPTIONS "$<$<CONFIG:RelWithDebInfo>:-g2>")
endfunction()

# reprise_layer(NAME SOURCES ... PUBLIC targets... PRIVATE targets...)
# One static library per layer; only the layers named here may be included from it.
function(reprise_layer name)
  cmake_parse_arguments(ARG "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  set(target reprise_${name})
  add_library(${target} STATIC ${ARG_SOURCES})
  add_library(reprise::${name} ALIAS ${target})
  set_target_properties(${target} PROPERTIES
    EXPORT_NAME ${name} POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET default)
  target_include_directories(${target} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>)
  target_compile_features(${target} PUBLIC cxx_std_20)
  # For users' code too, because it runs on strands. Stack-clash protection makes sure that a
  # large frame touches the guard page instead of jumping over it; lazy binding would save the
  # vector registers on the caller's stack, which is a small one.
  target_compile_options(${target} PUBLIC
    $<$<COMPILE_LANG_AND_ID:CXX,GNU,Clang>:-fstack-clash-protection>)
  target_link_options(${target} PUBLIC -Wl,-z,now)
  reprise_compile_together(${target})
  target_link_libraries(${target} PUBLIC ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE}
    $<BUILD_INTERFACE:reprise_settings>)
  set_property(GLOBAL APPEND PROPERTY REPRISE_LAYERS ${target})
endfunction()
