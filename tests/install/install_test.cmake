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

# The README shows the example as it is compiled here.
file(READ ${CONSUMER}/predict.cc example)
string(REGEX REPLACE "^[^\n]*\n" "" example "${example}")  # without its licence line
string(REPLACE "\n" "\n    " indented "    ${example}")
string(REGEX REPLACE "\n +(\n|$)" "\n\\1" indented "${indented}")
file(READ ${README} readme)
string(FIND "${readme}" "${indented}" position)
if(position LESS 0)
  message(FATAL_ERROR "README.md does not show tests/install/consumer/predict.cc as it is")
endif()
set(case ${GOLDEN}/nnunet/case2_regions_crop_pad_ensemble)
set(model ${case}/model/Dataset802_LiverRegions/nnUNetTrainer__nnUNetPlans__3d_fullres)
run(${SCRATCH}/build/predict ${model} ${case}/input/test_000_0000.nii.gz ${SCRATCH}/labels.nii.gz)
if(NOT EXISTS ${SCRATCH}/labels.nii.gz)
  message(FATAL_ERROR "the example wrote no labels")
endif()
