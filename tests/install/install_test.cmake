# SPDX-License-Identifier: Apache-2.0
cmake_minimum_required(VERSION 3.25)
set(prefix ${SCRATCH}/prefix)
function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(REMOVE_RECURSE ${SCRATCH})
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${prefix})
run(${prefix}/bin/hepar --version)
# The default model goes along, as files and not as a link into the source tree.
if(NOT EXISTS ${prefix}/share/hepar/models/demo/plans.json)
  message(FATAL_ERROR "the default model was not installed to ${prefix}/share/hepar/models/demo")
endif()
file(COPY ${CONSUMER} DESTINATION ${SCRATCH})
run(${CMAKE_COMMAND} -S ${SCRATCH}/consumer -B ${SCRATCH}/build -G ${GENERATOR}
    -DCMAKE_CXX_COMPILER=${COMPILER} -DCMAKE_PREFIX_PATH=${prefix})
run(${CMAKE_COMMAND} --build ${SCRATCH}/build)
run(${SCRATCH}/build/consumer ${SCRATCH}/mask.nii.gz)
