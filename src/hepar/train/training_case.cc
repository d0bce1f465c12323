// SPDX-License-Identifier: Apache-2.0
#include "hepar/train/training_case.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "hepar/core/error.h"
#include "hepar/core/file.h"

namespace hepar {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxRegionVoxels = 10000;

const SafetensorsFile::Entry& entry(const SafetensorsFile& file, const char* name, ElementType type,
                                    std::size_t dimensions, const fs::path& path) {
  const auto found = file.entries().find(name);
  if (found == file.entries().end() || found->second.type != type ||
      found->second.shape.size() != dimensions) {
    throw Error(ErrorCode::kCorrupt,
                fmt::format("{} is not a preprocessed case: it holds no {} of the wanted type and "
                            "number of axes; preprocess the dataset again.",
                            path.string(), name));
  }
  return found->second;
}

bool in_region(std::uint8_t label, const std::vector<int>& region) {
  return std::find(region.begin(), region.end(), label) != region.end();
}

std::vector<std::uint32_t> some_voxels_of(std::span<const std::uint8_t> labels,
                                          const std::vector<int>& region) {
  std::vector<std::uint32_t> all;
  for (std::size_t v = 0; v < labels.size(); ++v) {
    if (in_region(labels[v], region)) all.push_back(static_cast<std::uint32_t>(v));
  }
  if (all.size() <= kMaxRegionVoxels) return all;
  std::vector<std::uint32_t> some(kMaxRegionVoxels);
  for (std::size_t n = 0; n < some.size(); ++n) some[n] = all[n * all.size() / some.size()];
  return some;
}

std::vector<TrainingCase> open_cases(const fs::path& folder, const nlohmann::json& names,
                                     const DatasetLabels& labels) {
  std::vector<TrainingCase> cases;
  for (const auto& name : names) {
    cases.emplace_back(folder / "cases" / (name.get<std::string>() + ".safetensors"), labels);
  }
  return cases;
}

}  // namespace

TrainingCase::TrainingCase(const fs::path& file, const DatasetLabels& regions)
    : name_(file.stem().string()), file_(file) {
  const auto& image = entry(file_, "image", ElementType::kFloat32, 4, file);
  const auto& labels = entry(file_, "labels", ElementType::kUInt8, 3, file);
  std::copy(labels.shape.begin(), labels.shape.end(), size_.begin());
  if (image.shape[0] != 1 || !std::equal(labels.shape.begin(), labels.shape.end(), image.shape.begin() + 1)) {
    throw Error(
        ErrorCode::kCorrupt,
        fmt::format("The image and the labels of {} have different sizes; preprocess the dataset again.",
                    file.string()));
  }
  image_ = {reinterpret_cast<const float*>(image.bytes.data()), image.bytes.size() / sizeof(float)};
  labels_ = {reinterpret_cast<const std::uint8_t*>(labels.bytes.data()), labels.bytes.size()};
  for (const auto& [region_name, values] : regions.regions)
    region_voxels_.push_back(some_voxels_of(labels_, values));
}

std::vector<float> region_target(std::span<const std::uint8_t> labels, const std::vector<int>& region) {
  std::vector<float> target(labels.size());
  std::transform(labels.begin(), labels.end(), target.begin(),
                 [&](std::uint8_t label) { return in_region(label, region) ? 1.0F : 0.0F; });
  return target;
}

PreprocessedDataset open_preprocessed(const fs::path& folder) {
  PreprocessedDataset dataset;
  dataset.plan = read_plan(folder / "plans.json");
  dataset.labels = read_dataset_labels(folder / "dataset.json");
  if (dataset.plan.network.heads != static_cast<std::int64_t>(dataset.labels.regions.size())) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("{} has {} regions but the planned network {} outputs; plan the dataset again.",
                            (folder / "dataset.json").string(), dataset.labels.regions.size(),
                            dataset.plan.network.heads));
  }
  const fs::path splits_file = folder / "splits_final.json";
  try {
    const auto split = nlohmann::json::parse(read_text_file(splits_file)).at(0);
    dataset.training = open_cases(folder, split.at("train"), dataset.labels);
    dataset.validation = open_cases(folder, split.at("val"), dataset.labels);
  } catch (const nlohmann::json::exception& e) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("{} is not a list of splits: {}.", splits_file.string(), e.what()));
  }
  if (dataset.training.empty()) {
    throw Error(ErrorCode::kInvalidInput, fmt::format("{} names no case to train on.", splits_file.string()));
  }
  return dataset;
}

}  // namespace hepar
