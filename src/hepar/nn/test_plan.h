// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hepar/nn/model_folder.h"

namespace hepar::testing {

// A plan with a network of three stages and few features, for 8^3 patches.
inline ModelPlan tiny_plan() {
  ModelPlan plan;
  plan.network.features_per_stage = {4, 6, 8};
  plan.network.kernel_sizes.assign(3, {3, 3, 3});
  plan.network.strides = {{1, 1, 1}, {2, 2, 2}, {2, 2, 2}};
  plan.network.conv_per_stage = {1, 2, 1};
  plan.network.conv_per_stage_decoder = {1, 2};
  plan.patch_size = {8, 8, 8};
  plan.spacing_mm = {3, 3, 3};
  plan.normalization_schemes = {"CTNormalization"};
  plan.intensities = {{-160, 240, 60, 60}};
  plan.orientation = "RAS";
  return plan;
}

}  // namespace hepar::testing
