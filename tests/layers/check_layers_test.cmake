# SPDX-License-Identifier: Apache-2.0
# Runs tools/check_layers.cmake on small trees, each with one fault, and on one without.
cmake_minimum_required(VERSION 3.25)

# expect(NAME MESSAGE FILE TEXT): the tree below with this file added gives the message; "" means no fault.
function(expect name message file text)
  set(root ${SCRATCH}/${name})
  file(REMOVE_RECURSE ${root})
  # The layers: low <- middle <- high, and a test of middle that may use high.
  file(WRITE ${root}/graph.txt "deps low \npublic low low.h\ndeps middle low\ntest_deps middle \n"
                               "public middle middle.h\ndeps high middle\ntest_deps low hepar::high\n")
  file(WRITE ${root}/src/hepar/low/low.h "#include <vector>\n")
  file(WRITE ${root}/src/hepar/low/low_test.cc "#include <gtest/gtest.h>\n#include \"hepar/high/high.h\"\n")
  file(WRITE ${root}/src/hepar/middle/middle.h "#include \"hepar/low/low.h\"\n")
  file(WRITE ${root}/src/hepar/high/high.h "#include \"hepar/low/low.h\"\n")
  file(WRITE ${root}/apps/hepar/main.cc "#include <CLI/CLI.hpp>\n#include \"hepar/high/high.h\"\n")
  file(WRITE ${root}/${file} "${text}\n")
  execute_process(COMMAND ${CMAKE_COMMAND} -DROOT=${root} -DGRAPH=${root}/graph.txt -P ${CHECKER}
                  RESULT_VARIABLE code ERROR_VARIABLE error)
  string(REGEX REPLACE "[ \n]+" " " error "${error}")
  string(FIND "${error}" "${message}" position)
  if((message STREQUAL "" AND NOT code EQUAL 0) OR (NOT message STREQUAL "" AND (code EQUAL 0 OR position LESS 0)))
    message(FATAL_ERROR "${name}: expected '${message}', got exit ${code} and: ${error}")
  endif()
endfunction()

set(low src/hepar/low/low.h)
expect(sound "" src/hepar/middle/middle.cc "#include \"hepar/low/low.h\"")
expect(upwards "low.h includes hepar/middle/middle.h, but low does not depend on middle"
       ${low} "#include \"hepar/middle/middle.h\"")
expect(upwards_in_test "middle does not depend on high"
       src/hepar/middle/middle_test.cc "#include \"hepar/high/high.h\"")
expect(upwards_in_test_header "" src/hepar/low/test_case.h "#include \"hepar/high/high.h\"")
expect(test_header_in_code "low.h includes hepar/low/test_case.h but is no test"
       ${low} "#include \"hepar/low/test_case.h\"")
expect(foreign_library "low.cc includes DCMTK, which only dicom may"
       src/hepar/low/low.cc "#include <dcmtk/dcmdata/dctk.h>")
expect(torch_in_the_app "main.cc includes LibTorch, which only nn_torch and train may"
       apps/hepar/main.cc "#include <torch/torch.h>")
expect(test_header_in_source "includes gtest/gtest.h but is no test"
       src/hepar/low/low.cc "#include <gtest/gtest.h>")
expect(machine_path "names a path of somebody's machine" src/hepar/low/low.cc "open(\"/home/me/data\");")
expect(unknown_module "src/hepar/other is in no layer" src/hepar/other/other.h "#include <vector>")

# The module that owns a library may use it, but not in a header that others include.
foreach(header_and_code IN ITEMS "image_io.h;1" "itk_image.h;0")
  list(GET header_and_code 0 header)
  list(GET header_and_code 1 wanted)
  file(REMOVE_RECURSE ${SCRATCH}/io)
  file(WRITE ${SCRATCH}/io/graph.txt "deps io \npublic io image_io.h\n")
  file(WRITE ${SCRATCH}/io/src/hepar/io/${header} "#include <itkImage.h>\n")
  execute_process(COMMAND ${CMAKE_COMMAND} -DROOT=${SCRATCH}/io -DGRAPH=${SCRATCH}/io/graph.txt -P ${CHECKER}
                  RESULT_VARIABLE code ERROR_VARIABLE error)
  if(NOT code EQUAL wanted OR (wanted AND NOT error MATCHES "is a public header"))
    message(FATAL_ERROR "${header}: expected exit ${wanted}, got ${code} and: ${error}")
  endif()
endforeach()
