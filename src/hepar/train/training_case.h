// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "hepar/nn/model_folder.h"
#include "hepar/tensors/weights.h"

namespace hepar {

// One case as prepare_dataset (pipeline) writes it, a safetensors file: `image` float32 (C, d, h, w),
// `labels` int16 (d, h, w) with -1 outside the patient's box, and for each class n `locations.n` int64,
// offsets of some of its voxels into `labels`. Memory-mapped: nothing of it is copied, and its pages stay on
// disk until read.
class TrainingCase {
 public:
  // Error(kMissing) without the file; Error(kCorrupt) names what is not there, or not of the wanted type or
  // size, for an image of that many channels and the classes of `labels`.
  TrainingCase(const std::filesystem::path& file, std::int64_t channels, const DatasetLabels& labels);

  const std::string& name() const { return name_; }
  const Kernel3& size() const { return size_; }  // voxels along d, h, w
  std::int64_t channels() const { return channels_; }
  std::span<const float> image() const { return image_; }
  std::span<const std::int16_t> labels() const { return labels_; }

  // The regions in their declared order, or the foreground labels; with an ignore label one more, all that is
  // annotated (plan/class_locations.h).
  std::size_t class_count() const { return locations_.size(); }
  std::size_t location_count(std::size_t n) const { return locations_.at(n).size() / sizeof(std::int64_t); }
  // The offset of location number `index` < location_count(n). Error(kCorrupt) when it is outside the case.
  std::int64_t location(std::size_t n, std::size_t index) const;

 private:
  std::string name_;
  SafetensorsFile file_;
  std::int64_t channels_;
  Kernel3 size_{};
  std::span<const float> image_;
  std::span<const std::int16_t> labels_;
  std::vector<std::span<const std::byte>> locations_;  // int64 that need not be aligned
};

// The names of the cases of one fold.
struct CaseSplit {
  std::vector<std::string> training, validation;
};

// Fold "0", "1", ... of nnU-Net's splits_final.json, a list of {"train": [names], "val": [names]}. "all":
// every name of the first split, for training and for validation alike. Error(kInvalidInput) names what does
// not fit.
CaseSplit read_split(const std::filesystem::path& splits_json, const std::string& fold);

// What training needs of a preprocessed dataset.
struct PreprocessedDataset {
  ModelPlan plan;  // the network with its heads
  DatasetLabels labels;
  std::vector<TrainingCase> training, validation;
};

// Opens `folder`, which holds plans.json, dataset.json and cases/NAME.safetensors; the validation list may be
// empty, the training list not. Error(kMissing), Error(kInvalidInput) or Error(kCorrupt) names the file and
// the fault; a configuration that builds on a previous stage is Error(kUnsupported).
PreprocessedDataset open_preprocessed(const std::filesystem::path& folder, const std::string& configuration,
                                      const CaseSplit& split);

}  // namespace hepar
