// SPDX-License-Identifier: Apache-2.0
#include "hepar/plan/planner_preset.h"

#include "hepar/core/error.h"

namespace hepar {
namespace {

PresetRules residual(const std::string& size, double gpu_memory_gb, double maps_2d, double maps_3d) {
  return {.planner = "nnUNetPlannerResEnc" + size,
          .plans_name = "nnUNetResEncUNet" + size + "Plans",
          .gpu_memory_gb = gpu_memory_gb,
          .network_class = NetworkClass::kResidualEncoderUNet,
          .encoder_blocks = {1, 3, 4, 6},
          .decoder_convs = 1,
          .reference_2d = {maps_2d, 12},
          .reference_3d = {maps_3d, 2},
          .dataset_covered = 1};
}

}  // namespace

const PresetRules& rules_of(PlannerPreset preset) {
  static const PresetRules plain{.planner = "ExperimentPlanner",
                                 .plans_name = "nnUNetPlans",
                                 .gpu_memory_gb = 8,
                                 .network_class = NetworkClass::kPlainConvUNet,
                                 .encoder_blocks = {2, 2, 2, 2},
                                 .decoder_convs = 2,
                                 .reference_2d = {85e6, 12},
                                 .reference_3d = {560e6, 2},
                                 .dataset_covered = 0.05};
  static const PresetRules medium = residual("M", 8, 135e6, 680e6);
  static const PresetRules large = residual("L", 24, 380e6, 2.1e9);
  static const PresetRules extra_large = residual("XL", 40, 560e6, 3.6e9);
  switch (preset) {
    case PlannerPreset::kDefault:
      return plain;
    case PlannerPreset::kResEncM:
      return medium;
    case PlannerPreset::kResEncL:
      return large;
    case PlannerPreset::kResEncXl:
      return extra_large;
  }
  HEPAR_EXPECT(false, "no such preset");
  return plain;
}

}  // namespace hepar
