# SPDX-License-Identifier: Apache-2.0
# hepar_module(NAME HEADERS h.. SOURCES cc.. TESTS test.cc.. DEPS module.. PRIVATE_DEPS target..)
#
# Makes the static library hepar::NAME of the folder src/hepar/NAME, its install rules and the test
# program hepar_NAME_test. DEPS names Hepar modules and is the only statement of the layering: a test
# compares it with the includes. PRIVATE_DEPS names third-party targets, which stay out of HEADERS.
# TEST_DEPS names further modules or targets that only the tests use. DATA_TESTS are tests on real data:
# they are registered only with HEPAR_TEST_DATA and find the macros HEPAR_TEST_DATA (the shared folder),
# HEPAR_UNPACKED_DATA (its data folder, archives unpacked) and HEPAR_PEER_PYTHON (runs its peers). All tests
# find the golden files of tests/golden by HEPAR_GOLDEN.

add_library(hepar_options INTERFACE)
target_compile_features(hepar_options INTERFACE cxx_std_20)
# Not by HEPAR_DEVELOPER: a build with tests and one without share their objects.
if(PROJECT_IS_TOP_LEVEL)
  target_compile_options(hepar_options INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)
endif()
if(HEPAR_SANITIZE)
  target_compile_options(hepar_options INTERFACE -fsanitize=${HEPAR_SANITIZE} -fno-omit-frame-pointer
                                                 -fno-sanitize-recover=all)
  target_link_options(hepar_options INTERFACE -fsanitize=${HEPAR_SANITIZE})
endif()

function(hepar_module name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "HEADERS;SOURCES;TESTS;DATA_TESTS;DEPS;PRIVATE_DEPS;TEST_DEPS")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "hepar_module(${name}): unknown arguments ${arg_UNPARSED_ARGUMENTS}")
  endif()
  set(target hepar_${name})
  add_library(${target} STATIC ${arg_SOURCES})
  add_library(hepar::${name} ALIAS ${target})
  target_sources(${target} PUBLIC FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR}/src FILES ${arg_HEADERS})
  target_compile_features(${target} PUBLIC cxx_std_20)
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name} POSITION_INDEPENDENT_CODE ON)
  list(TRANSFORM arg_DEPS PREPEND hepar:: OUTPUT_VARIABLE deps)
  target_link_libraries(${target} PUBLIC ${deps} PRIVATE ${arg_PRIVATE_DEPS} $<BUILD_INTERFACE:hepar_options>)
  install(TARGETS ${target} EXPORT hepar-targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
          FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
  set_property(GLOBAL APPEND PROPERTY HEPAR_MODULES ${name})
  set_property(GLOBAL PROPERTY HEPAR_DEPS_${name} "${arg_DEPS}")
  set_property(GLOBAL PROPERTY HEPAR_TEST_DEPS_${name} "${arg_TEST_DEPS}")
  set_property(GLOBAL PROPERTY HEPAR_HEADERS_${name} "${arg_HEADERS}")
  set(tests ${arg_TESTS})
  if(HEPAR_TEST_DATA)
    list(APPEND tests ${arg_DATA_TESTS})
  else()
    hepar_count_unregistered(${arg_DATA_TESTS})
  endif()
  if(HEPAR_DEVELOPER AND tests)
    add_executable(${target}_test ${tests})
    target_link_libraries(${target}_test PRIVATE ${target} ${arg_TEST_DEPS} hepar_options GTest::gmock_main)
    target_compile_definitions(${target}_test PRIVATE HEPAR_GOLDEN="${PROJECT_BINARY_DIR}/golden")
    set_source_files_properties(${arg_DATA_TESTS} PROPERTIES COMPILE_DEFINITIONS
      "HEPAR_TEST_DATA=\"${HEPAR_TEST_DATA}\";HEPAR_UNPACKED_DATA=\"${HEPAR_UNPACKED_DATA}\";HEPAR_PEER_PYTHON=\"${HEPAR_PEER_PYTHON}\"")
    include(GoogleTest)
    gtest_discover_tests(${target}_test DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60
                         PROPERTIES LABELS unit ENVIRONMENT OMP_WAIT_POLICY=passive)
  endif()
endfunction()

# Adds the tests in these files to the number that scripts/test reports as not registered.
function(hepar_count_unregistered)
  foreach(file IN LISTS ARGN)
    file(STRINGS ${file} cases REGEX "^(TEST|TEST_F|TEST_P|add_test)\\(")
    list(LENGTH cases count)
    get_property(sum GLOBAL PROPERTY HEPAR_UNREGISTERED)
    math(EXPR sum "0${sum} + ${count}")
    set_property(GLOBAL PROPERTY HEPAR_UNREGISTERED ${sum})
  endforeach()
endfunction()

# Refuses cycles, as a module may name only modules that were made before it, and writes
# build/module_graph.txt, which the layer test reads: a line "deps MODULE dep dep", one
# "test_deps MODULE dep dep" and one "public MODULE header header" for each module.
function(hepar_check_module_graph)
  get_property(modules GLOBAL PROPERTY HEPAR_MODULES)
  set(seen "")
  set(text "")
  foreach(module IN LISTS modules)
    get_property(deps GLOBAL PROPERTY HEPAR_DEPS_${module})
    foreach(dep IN LISTS deps)
      if(NOT dep IN_LIST seen)
        message(FATAL_ERROR "module ${module} depends on ${dep}, which is not a layer below it")
      endif()
    endforeach()
    list(APPEND seen ${module})
    get_property(test_deps GLOBAL PROPERTY HEPAR_TEST_DEPS_${module})
    get_property(headers GLOBAL PROPERTY HEPAR_HEADERS_${module})
    string(APPEND text "deps ${module} ${deps}\ntest_deps ${module} ${test_deps}\npublic ${module} ${headers}\n")
  endforeach()
  string(REPLACE ";" " " text "${text}")
  file(WRITE ${PROJECT_BINARY_DIR}/module_graph.txt "${text}")
  get_property(unregistered GLOBAL PROPERTY HEPAR_UNREGISTERED)
  math(EXPR unregistered "0${unregistered}")
  file(WRITE ${PROJECT_BINARY_DIR}/unregistered_data_tests.txt "${unregistered}\n")
endfunction()
