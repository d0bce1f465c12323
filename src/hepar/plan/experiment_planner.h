// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "hepar/plan/fingerprint.h"
#include "hepar/plan/network_topology.h"

namespace hepar {

// What a plan needs of dataset.json.
struct DatasetFacts {
  std::string name;                        // Dataset003_Liver
  std::vector<std::string> channel_names;  // they choose the normalisation
  std::int64_t label_entries = 0;          // of "labels", background, regions and "ignore" included
  std::int64_t training_cases = 0;         // numTraining
  std::string image_reader;                // nnU-Net's class for this file ending, or the one asked for
};
// Error(kInvalidInput) names file and key. A TIFF is taken for a volume.
DatasetFacts read_dataset_facts(const std::filesystem::path& dataset_json, const std::string& name);

// nnU-Net's planners: ExperimentPlanner and nnUNetPlannerResEncM, L and XL.
enum class PlannerPreset { kDefault, kResEncM, kResEncL, kResEncXl };

struct PlannerOptions {
  PlannerPreset preset = PlannerPreset::kDefault;
  std::optional<double> gpu_memory_gb = {};  // else the preset's: 8, 8, 24, 40
  std::string plans_name = {};               // else the preset's: nnUNetPlans, nnUNetResEncUNetMPlans, ...
};

// A network that fits the memory and the images it is for. Axes are the network's; 2d has two.
struct PlannedConfiguration {
  std::string name;  // 2d, 3d_lowres or 3d_fullres
  std::vector<double> spacing_mm;
  std::vector<double> median_size;  // voxels of the median image at that spacing; halves are possible
  NetworkTopology topology;         // with the patch
  NetworkWidth width;
  std::int64_t batch_size = 2;
  bool batch_dice = true;
  double gpu_memory_gb = 0;  // training takes by nnU-Net's measure
};

struct ExperimentPlan {
  std::string plans_name;
  std::array<std::size_t, 3> transpose_forward{0, 1, 2};  // network axis a runs along array axis [a]
  std::vector<PlannedConfiguration> configurations;       // in the order of plans.json
  std::string plans_json;                                 // the file's text, all keys as nnU-Net writes them
};

// Plans as nnU-Net v2.8 (experiment_planning/experiment_planners/default_experiment_planner.py,
// residual_unets/residual_encoder_unet_planners.py): target spacing, axis order, 2d, 3d_fullres and, where
// the patch covers less than a quarter of the median image, 3d_lowres and 3d_cascade_fullres; patch and batch
// by the size of the feature maps. Pure and fast. Error(kInvalidInput) when the options are out of range,
// when fingerprint and dataset name different channel counts, or when no network fits the memory.
ExperimentPlan plan_experiment(const Fingerprint& fingerprint, const DatasetFacts& dataset,
                               const PlannerOptions& options = {});

}  // namespace hepar
