// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "hepar/core/file.h"
#include "hepar/core/random.h"
#include "hepar/nn/test_plan.h"
#include "hepar/tensors/weights.h"

namespace hepar::testing {

// A folder of its own for one test, removed at the end.
class ScratchFolder {
 public:
  explicit ScratchFolder(const std::string& name)
      : path_(std::filesystem::temp_directory_path() / (name + "_" + std::to_string(::getpid()))) {
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~ScratchFolder() { std::filesystem::remove_all(path_); }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline const DatasetLabels& region_labels() {
  static const DatasetLabels labels{.regions = {{"liver", {1, 2, 3}}, {"tumour", {2}}},
                                    .regions_class_order = {1, 2},
                                    .foreground_labels = {1, 2, 3},
                                    .ignore_label = {},
                                    .channel_names = {"CT"}};
  return labels;
}

// A case as `hepar preprocess` writes it, its locations all voxels of each region of region_labels().
inline void write_case(const std::filesystem::path& file, const Kernel3& size,
                       const std::vector<float>& image, const std::vector<std::int16_t>& labels) {
  const auto channels = static_cast<std::int64_t>(image.size() / labels.size());
  std::vector<TensorToWrite> tensors{
      {"image",
       ElementType::kFloat32,
       {channels, size[0], size[1], size[2]},
       std::as_bytes(std::span(image))},
      {"labels", ElementType::kInt16, {size[0], size[1], size[2]}, std::as_bytes(std::span(labels))}};
  std::vector<std::vector<std::int64_t>> locations;
  for (const auto& [name, values] : region_labels().regions) {
    std::vector<std::int64_t>& found = locations.emplace_back();
    for (std::size_t v = 0; v < labels.size(); ++v) {
      if (std::count(values.begin(), values.end(), labels[v]) > 0)
        found.push_back(static_cast<std::int64_t>(v));
    }
  }
  for (std::size_t n = 0; n < locations.size(); ++n) {
    tensors.push_back({"locations." + std::to_string(n),
                       ElementType::kInt64,
                       {static_cast<std::int64_t>(locations[n].size())},
                       std::as_bytes(std::span(std::as_const(locations[n])))});
  }
  write_safetensors(file, tensors);
}

// `count` cases of 10 x 12 x 9 voxels, bright liver in the lower half with a dark tumour of 4 x 4 x 4; the
// last case is for validation.
inline void write_dataset(const std::filesystem::path& folder, int count) {
  std::filesystem::create_directories(folder / "cases");
  std::string train;
  const Kernel3 size{10, 12, 9};
  for (int n = 0; n < count; ++n) {
    Random random(static_cast<std::uint64_t>(n));
    std::vector<float> image;
    std::vector<std::int16_t> labels;
    for (std::int64_t v = 0; v < 10 * 12 * 9; ++v) {
      const std::int64_t d = v / (12 * 9), h = v / 9 % 12, w = v % 9;
      const bool tumour = d >= 1 && d < 5 && h >= 4 && h < 8 && w >= 3 && w < 7;
      labels.push_back(static_cast<std::int16_t>(tumour ? 2 : d < 6 ? 1 : 0));
      image.push_back((tumour ? 0.0F : d < 6 ? 1.0F : -1.0F) + static_cast<float>(random.normal(0, 0.1)));
    }
    const std::string name = "case_" + std::to_string(n);
    write_case(folder / "cases" / (name + ".safetensors"), size, image, labels);
    if (n + 1 < count) train += (train.empty() ? "\"" : ", \"") + name + "\"";
  }
  write_plan(folder / "plans.json", tiny_plan(), "Test");
  write_text_file(
      folder / "dataset.json",
      R"({"channel_names": {"0": "CT"}, "labels": {"background": 0, "liver": [1, 2, 3], "tumour": 2},
                      "regions_class_order": [1, 2], "numTraining": 2, "file_ending": ".nii.gz"})");
  write_text_file(folder / "splits_final.json",
                  "[{\"train\": [" + train + "], \"val\": [\"case_" + std::to_string(count - 1) + "\"]}]");
}

}  // namespace hepar::testing
