# SPDX-License-Identifier: Apache-2.0
# Compares every #include with the layers that CMake knows:
#   cmake -DROOT=project -DGRAPH=build/module_graph.txt -P tools/check_layers.cmake
# A module includes only itself and modules that its DEPS reach (a test also those that TEST_DEPS reach); a
# big third-party library is included by one module, and never by a public header; no file names a path of
# somebody's machine. Prints all faults and fails when there is one.
cmake_minimum_required(VERSION 3.25)

# Library, pattern of its headers, modules and apps that may include it.
set(third_party
  "ITK ^itk io"
  "zlib ^zlib[.]h io"
  "DCMTK ^dcmtk/ dicom"
  "OpenJPEG ^openjpeg[.]h dicom"
  "libzip ^zip[.]h io pipeline"
  "oneDNN ^(oneapi/|dnnl) nn_cpu"
  "LibTorch ^(torch|c10|ATen)/ nn_torch train"
  "Eigen ^(Eigen|unsupported/Eigen)/ numeric"
  "Boost ^boost/ numeric"
  "Cairo ^cairo figures"
  "libjpeg ^jpeglib[.]h figures"
  "OpenSSL ^openssl/ digest"
  "CLI11 ^CLI/ apps/hepar apps/hepar-train apps/shared")

set(faults "")
macro(fault text)
  list(APPEND faults "${text}")
endmacro()

# deps_X, test_deps_X and public_X from the graph; reach_X is X and all below it, as CMake lists the
# modules from the bottom to the top.
set(modules "")
file(STRINGS ${GRAPH} lines)
foreach(line IN LISTS lines)
  string(REGEX REPLACE " +" ";" words "${line}")
  list(POP_FRONT words kind module)
  set(${kind}_${module} ${words})
  if(kind STREQUAL "deps")
    list(APPEND modules ${module})
    set(reach_${module} ${module})
    foreach(dep IN LISTS deps_${module})
      list(APPEND reach_${module} ${reach_${dep}})
    endforeach()
  endif()
endforeach()

# A test, or a header for tests.
set(test_file "(_test[.]cc|/test_[a-z_]+[.]h)$")

function(check_third_party file where include is_public)
  set(library "")
  set(allowed "")
  foreach(row IN LISTS third_party)
    string(REPLACE " " ";" row "${row}")
    list(POP_FRONT row name pattern)
    if(include MATCHES "${pattern}")
      set(library ${name})
      set(allowed ${row})
    endif()
  endforeach()
  if(library AND NOT where IN_LIST allowed)
    list(JOIN allowed " and " allowed)
    fault("${file} includes ${library}, which only ${allowed} may")
  elseif(library AND is_public)
    fault("${file} is a public header and includes ${library}")
  elseif(include MATCHES "^(gtest|gmock)/" AND (is_public OR file MATCHES "[.]cc$") AND NOT file MATCHES "_test[.]cc$")
    fault("${file} includes ${include} but is no test")
  endif()
  set(faults "${faults}" PARENT_SCOPE)
endfunction()

function(check_file file where reachable public)
  cmake_path(GET file FILENAME name)
  set(is_public FALSE)
  if(name IN_LIST public)
    set(is_public TRUE)
  endif()
  file(STRINGS ${ROOT}/${file} lines REGEX "^[ \t]*#[ \t]*include")
  foreach(line IN LISTS lines)
    if(line MATCHES "include[ \t]*[<\"](hepar/([^/]+)/[^>\"]+)[>\"]")
      set(header ${CMAKE_MATCH_1})
      if(reachable AND NOT CMAKE_MATCH_2 IN_LIST reachable)
        fault("${file} includes ${header}, but ${where} does not depend on ${CMAKE_MATCH_2}")
      elseif(header MATCHES "${test_file}" AND NOT file MATCHES "${test_file}")
        fault("${file} includes ${header} but is no test")
      endif()
    elseif(line MATCHES "include[ \t]*[<\"]([^>\"]+)[>\"]")
      check_third_party(${file} ${where} ${CMAKE_MATCH_1} ${is_public})
    endif()
  endforeach()
  file(STRINGS ${ROOT}/${file} paths REGEX "[\"' ](/work|/home|/root|/Users)/")
  if(paths)
    fault("${file} names a path of somebody's machine")
  endif()
  set(faults "${faults}" PARENT_SCOPE)
endfunction()

file(GLOB folders RELATIVE ${ROOT}/src/hepar ${ROOT}/src/hepar/*)
foreach(module IN LISTS folders)
  file(GLOB files RELATIVE ${ROOT} ${ROOT}/src/hepar/${module}/*.h ${ROOT}/src/hepar/${module}/*.cc)
  if(files AND NOT module IN_LIST modules)
    if(NOT module IN_LIST OPTIONAL_MODULES)
      fault("src/hepar/${module} is in no layer")
    endif()
    continue()
  endif()
  set(test_reach ${reach_${module}})
  foreach(dep IN LISTS test_deps_${module})
    string(REPLACE "hepar::" "" dep ${dep})
    list(APPEND test_reach ${reach_${dep}})
  endforeach()
  foreach(file IN LISTS files)
    if(file MATCHES "${test_file}")
      check_file(${file} ${module} "${test_reach}" "${public_${module}}")
    else()
      check_file(${file} ${module} "${reach_${module}}" "${public_${module}}")
    endif()
  endforeach()
endforeach()

file(GLOB apps RELATIVE ${ROOT} ${ROOT}/apps/*)
foreach(app IN LISTS apps)
  file(GLOB files RELATIVE ${ROOT} ${ROOT}/${app}/*.h ${ROOT}/${app}/*.cc)
  foreach(file IN LISTS files)
    check_file(${file} ${app} "" "")
  endforeach()
endforeach()

if(faults)
  list(JOIN faults "\n  " text)
  message(FATAL_ERROR "The layers are broken:\n  ${text}")
endif()
