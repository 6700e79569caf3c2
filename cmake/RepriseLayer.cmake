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
  # For the users' code too, because it runs on strands. Stack-clash protection makes sure that a
  # large frame touches the guard page instead of jumping over it; lazy binding would save the
  # vector registers on the caller's stack, which is a small one.
  target_compile_options(${target} PUBLIC
    $<$<COMPILE_LANG_AND_ID:CXX,GNU,Clang>:-fstack-clash-protection>)
  target_link_options(${target} PUBLIC -Wl,-z,now)
  target_link_libraries(${target} PUBLIC ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE}
    $<BUILD_INTERFACE:reprise_settings>)
  set_property(GLOBAL APPEND PROPERTY REPRISE_LAYERS ${target})
endfunction()
