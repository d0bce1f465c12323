// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "hepar/plan/experiment_planner.h"

namespace hepar {

// A network whose feature maps have this many values trains with this batch in the preset's memory.
struct ReferenceNetwork {
  double feature_map_size = 0;
  double batch_size = 0;
};

// What nnU-Net's planner classes differ by (default_experiment_planner.py and
// residual_unets/residual_encoder_unet_planners.py, the constructors).
struct PresetRules {
  std::string planner;  // the class
  std::string plans_name;
  double gpu_memory_gb = 8;
  NetworkClass network_class = NetworkClass::kPlainConvUNet;
  std::array<std::int64_t, 4> encoder_blocks{};  // per stage; the last for all further ones
  std::int64_t decoder_convs = 0;                // per stage
  ReferenceNetwork reference_2d, reference_3d;
  double dataset_covered = 1;  // a batch may hold this part of all voxels
};
const PresetRules& rules_of(PlannerPreset preset);

}  // namespace hepar
