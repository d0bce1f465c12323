// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "hepar/core/vec.h"
#include "hepar/nn/network_spec.h"
#include "hepar/nn/weights.h"

namespace hepar {

// Constants of one channel's normalisation, from the training set (plans.json
// foreground_intensity_properties_per_channel). CTNormalization: clip to the percentiles, subtract the
// mean, divide by the SD (nnU-Net default_normalization_schemes.py).
struct IntensityProperties {
  double percentile_00_5 = 0, percentile_99_5 = 0, mean = 0, std = 1;
};

// One configuration of plans.json, what prediction and training need of it. Axis-wise vectors are in
// nnU-Net's array order (k, j, i) = (d, h, w).
struct ModelPlan {
  std::string configuration = "3d_fullres";
  NetworkSpec network;
  Kernel3 patch_size{};                // d, h, w
  std::array<double, 3> spacing_mm{};  // d, h, w
  std::int64_t batch_size = 2;
  std::vector<std::string> normalization_schemes;
  std::vector<IntensityProperties> intensities;
  // Patient orientation the voxel axes (i, j, k) are brought to before the network, e.g. "RAS" for
  // image_reader_writer SimpleITKIOWithReorient; empty: left as they are.
  std::string orientation;
};

// dataset.json: what the network's output channels mean.
struct DatasetLabels {
  // Foreground labels or regions in output order: name and the label values it covers.
  std::vector<std::pair<std::string, std::vector<int>>> regions;
  std::vector<int>
      regions_class_order;  // label written where a region's probability exceeds 0.5; later ones win
  std::string file_ending = ".nii.gz";
};

// Readers of nnU-Net's own file formats (keys as in nnU-Net v2 plans.json and dataset.json). A missing
// or ill-typed key is Error(kInvalidInput) naming the file and the key.
ModelPlan read_plan(const std::filesystem::path& plans_json, const std::string& configuration = "3d_fullres");
DatasetLabels read_dataset_labels(const std::filesystem::path& dataset_json);
void write_plan(const std::filesystem::path& plans_json, const ModelPlan& plan,
                const std::string& dataset_name);

// A Hepar model folder: plans.json, dataset.json, fold_K/checkpoint_final.safetensors, MODEL_CARD.md.
struct ModelFolder {
  std::filesystem::path path;
  ModelPlan plan;
  DatasetLabels labels;
  std::vector<std::filesystem::path> checkpoints;  // one per fold, by name
};
// Reads and checks all but the weights. Error(kMissing) names what is not there.
ModelFolder read_model_folder(const std::filesystem::path& folder);
// Throws unless the weights are those of the network: every parameter there, in the right shape and finite
// (else Error(kInvalidInput) or Error(kCorrupt) with its name), and no other.
void check_weights(const NetworkSpec& spec, const Weights& weights);
// Weights of one fold without nnU-Net's duplicates, checked against the plan.
Weights read_fold(const ModelFolder& model, std::size_t fold);

}  // namespace hepar
