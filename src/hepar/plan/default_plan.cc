// SPDX-License-Identifier: Apache-2.0
#include "hepar/plan/default_plan.h"

namespace hepar {

ModelPlan default_plan() {
  ModelPlan plan;
  plan.network.input_channels = 1;
  plan.network.heads = 2;
  plan.network.features_per_stage = {16, 32, 64, 96, 128};
  plan.network.kernel_sizes.assign(5, {3, 3, 3});
  plan.network.strides = {{1, 1, 1}, {2, 2, 2}, {2, 2, 2}, {2, 2, 2}, {2, 2, 2}};
  plan.network.conv_per_stage.assign(5, 2);
  plan.network.conv_per_stage_decoder.assign(4, 1);
  plan.patch_size = {64, 64, 64};
  plan.spacing_mm = {3, 3, 3};
  plan.batch_size = 2;
  plan.batch_dice = true;  // small patches often hold no tumour
  plan.normalization_schemes = {"CTNormalization"};
  plan.intensities = {{-160, 240, 60, 60}};
  plan.orientation = "RAS";
  return plan;
}

}  // namespace hepar
