// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "hepar/nn/model_folder.h"
#include "hepar/tensors/weights.h"

namespace hepar {

// One preprocessed case: a safetensors file with `image` float32 (1, d, h, w) and `labels` uint8
// (d, h, w), memory-mapped and left on disk.
class TrainingCase {
 public:
  // `regions`: the label values of each region, for voxels_of(). Error(kCorrupt) names what does not fit.
  TrainingCase(const std::filesystem::path& file, const DatasetLabels& regions);

  const std::string& name() const { return name_; }
  const Kernel3& size() const { return size_; }
  std::span<const float> image() const { return image_; }
  std::span<const std::uint8_t> labels() const { return labels_; }
  // Offsets of at most 10000 voxels of a region, evenly taken from all of them (nnU-Net keeps as many,
  // default_preprocessor.py, "class_locations"). Empty where the case has none.
  const std::vector<std::uint32_t>& voxels_of(std::size_t region) const { return region_voxels_.at(region); }

 private:
  std::string name_;
  SafetensorsFile file_;
  Kernel3 size_{};
  std::span<const float> image_;
  std::span<const std::uint8_t> labels_;
  std::vector<std::vector<std::uint32_t>> region_voxels_;
};

// The region's truth of `labels`, 1 inside and 0 outside.
std::vector<float> region_target(std::span<const std::uint8_t> labels, const std::vector<int>& region);

// A preprocessed dataset: plans.json, dataset.json, splits_final.json (nnU-Net's form: a list of {"train":
// [names], "val": [names]}, of which the first is used) and cases/NAME.safetensors.
struct PreprocessedDataset {
  ModelPlan plan;
  DatasetLabels labels;
  std::vector<TrainingCase> training, validation;
};
// Error(kMissing) or Error(kInvalidInput) names the file and the fault.
PreprocessedDataset open_preprocessed(const std::filesystem::path& folder);

}  // namespace hepar
