# add_module(): the only way a library target is made.
#
#   add_module(store LAYER 1 DEPS base LIBS SQLite::SQLite3)
#
# include/ is public, the folder itself private; every *.cc is a source, every *_test.cc belongs to
# the module's test program. A dependency must have a lower layer: CMake alone accepts cycles of
# static libraries, and a layer that is only drawn in a document does not last.

function(add_module name)
  cmake_parse_arguments(MODULE "" "LAYER" "DEPS;LIBS" ${ARGN})
  if(NOT DEFINED MODULE_LAYER)
    message(FATAL_ERROR "module ${name}: LAYER is missing")
  endif()
  foreach(dep IN LISTS MODULE_DEPS)
    get_target_property(dep_layer ${dep} SIGHTLINE_LAYER)
    if(NOT dep_layer LESS MODULE_LAYER)
      message(FATAL_ERROR
        "module ${name} (layer ${MODULE_LAYER}) may not use ${dep} (layer ${dep_layer})")
    endif()
  endforeach()

  file(GLOB sources CONFIGURE_DEPENDS *.cc)
  file(GLOB tests CONFIGURE_DEPENDS *_test.cc)
  file(GLOB headers CONFIGURE_DEPENDS include/${name}/*.h)
  list(REMOVE_ITEM sources ${tests} "${CMAKE_CURRENT_SOURCE_DIR}/main.cc")

  add_library(${name} STATIC ${sources})
  set_target_properties(${name} PROPERTIES SIGHTLINE_LAYER ${MODULE_LAYER})
  target_sources(${name} PUBLIC FILE_SET HEADERS BASE_DIRS include FILES ${headers})
  target_include_directories(${name} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC ${MODULE_DEPS} PRIVATE ${MODULE_LIBS})

  if(SIGHTLINE_TESTS AND tests)
    add_executable(${name}_test ${tests})
    target_include_directories(${name}_test PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}
                               ${CMAKE_SOURCE_DIR}/test/support)
    target_link_libraries(${name}_test PRIVATE ${name} ${MODULE_LIBS} GTest::gmock GTest::gtest_main)
    gtest_discover_tests(${name}_test DISCOVERY_MODE PRE_TEST)
  endif()
endfunction()
