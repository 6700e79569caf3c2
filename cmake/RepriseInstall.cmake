# Installs the layers, the public headers and a CMake package:
#   find_package(reprise) and target_link_libraries(mine PRIVATE reprise::sdk).
include(CMakePackageConfigHelpers)

get_property(layers GLOBAL PROPERTY REPRISE_LAYERS)
set(package_folder "${CMAKE_INSTALL_LIBDIR}/cmake/reprise")

install(TARGETS ${layers} EXPORT reprise_targets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT reprise_targets NAMESPACE reprise:: FILE reprise-targets.cmake
  DESTINATION ${package_folder})
# A component: its dependency is only asked for by those who use it.
if(TARGET reprise_prometheus)
  install(TARGETS reprise_prometheus EXPORT reprise_prometheus_targets
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
    INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
  install(EXPORT reprise_prometheus_targets NAMESPACE reprise::
    FILE reprise-prometheus-targets.cmake DESTINATION ${package_folder})
endif()
if(TARGET reprise_command)
  install(TARGETS reprise_command RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(DIRECTORY "${PROJECT_SOURCE_DIR}/sdk/include/" DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.h")
# For `source` in gdb; every program that links the library contains it too.
install(FILES "${PROJECT_SOURCE_DIR}/tools/gdb/reprise-gdb.py"
  DESTINATION ${CMAKE_INSTALL_DATADIR}/reprise)

configure_package_config_file(
  "${PROJECT_SOURCE_DIR}/cmake/reprise-config.cmake.in"
  "${PROJECT_BINARY_DIR}/reprise-config.cmake"
  INSTALL_DESTINATION ${package_folder})
# Before 1.0 a minor version may change the interface.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/reprise-config-version.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES
    "${PROJECT_BINARY_DIR}/reprise-config.cmake"
    "${PROJECT_BINARY_DIR}/reprise-config-version.cmake"
    "${PROJECT_SOURCE_DIR}/cmake/FindLMDB.cmake"
    "${PROJECT_SOURCE_DIR}/cmake/FindLibDw.cmake"
    "${PROJECT_SOURCE_DIR}/cmake/FindZstd.cmake"
    "${PROJECT_SOURCE_DIR}/cmake/FindxxHash.cmake"
  DESTINATION ${package_folder})
