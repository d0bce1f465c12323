// SPDX-License-Identifier: Apache-2.0
#include "hepar/train/training_case.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <set>

#include "hepar/core/error.h"
#include "hepar/nn/json_file.h"

namespace hepar {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail_case(const fs::path& file, const std::string& fault) {
  throw Error(ErrorCode::kCorrupt,
              fmt::format("{} is no preprocessed case: {}; remove it and run `hepar preprocess` again",
                          file.string(), fault));
}

const SafetensorsFile::Entry& entry(const SafetensorsFile& tensors, const fs::path& file,
                                    const std::string& name, ElementType type, std::size_t dimensions) {
  const auto found = tensors.entries().find(name);
  if (found == tensors.entries().end()) fail_case(file, fmt::format("it has no tensor '{}'", name));
  if (found->second.type != type) fail_case(file, fmt::format("'{}' is of another number type", name));
  if (found->second.shape.size() != dimensions) {
    fail_case(file, fmt::format("'{}' has the shape [{}], {} axes are needed", name,
                                fmt::join(found->second.shape, ", "), dimensions));
  }
  return found->second;
}

template <class T>
std::span<const T> values_of(const SafetensorsFile::Entry& tensor, const fs::path& file) {
  if (reinterpret_cast<std::uintptr_t>(tensor.bytes.data()) % alignof(T) != 0)
    fail_case(file, "its numbers are not aligned");
  return {reinterpret_cast<const T*>(tensor.bytes.data()), tensor.bytes.size() / sizeof(T)};
}

std::size_t count_classes(const DatasetLabels& labels) {
  return (labels.has_regions() ? labels.regions.size() : labels.foreground_labels.size()) +
         (labels.ignore_label ? 1 : 0);
}

std::vector<std::string> read_names(const JsonNode& list) {
  std::vector<std::string> names;
  for (const auto& item : list.list()) names.push_back(item.text());
  return names;
}

std::vector<TrainingCase> open_cases(const fs::path& folder, const std::vector<std::string>& names,
                                     const PreprocessedDataset& dataset) {
  std::vector<TrainingCase> cases;
  for (const std::string& name : names) {
    const fs::path file = folder / "cases" / fmt::format("{}.safetensors", name);
    if (!fs::exists(file)) {
      throw Error(ErrorCode::kMissing,
                  fmt::format("the case {} of the split is not in {}; run `hepar preprocess` again", name,
                              file.parent_path().string()));
    }
    cases.emplace_back(file, dataset.plan.network.input_channels, dataset.labels);
  }
  return cases;
}

}  // namespace

TrainingCase::TrainingCase(const fs::path& file, std::int64_t channels, const DatasetLabels& labels)
    : name_(file.stem().string()), file_(file), channels_(channels) {
  const auto& image = entry(file_, file, "image", ElementType::kFloat32, 4);
  const auto& map = entry(file_, file, "labels", ElementType::kInt16, 3);
  std::copy(map.shape.begin(), map.shape.end(), size_.begin());
  const std::vector<std::int64_t> wanted{channels, size_[0], size_[1], size_[2]};
  if (image.shape != wanted) {
    fail_case(file, fmt::format("its image has the shape [{}], where the plans and its labels want [{}]",
                                fmt::join(image.shape, ", "), fmt::join(wanted, ", ")));
  }
  image_ = values_of<float>(image, file);
  labels_ = values_of<std::int16_t>(map, file);
  if (labels_.empty()) fail_case(file, "it has no voxels");
  for (std::size_t n = 0; n < count_classes(labels); ++n) {
    const std::string name = fmt::format("locations.{}", n);
    locations_.push_back(entry(file_, file, name, ElementType::kInt64, 1).bytes);
  }
}

std::int64_t TrainingCase::location(std::size_t n, std::size_t index) const {
  HEPAR_EXPECT(index < location_count(n), fmt::format("location {} of {}", index, location_count(n)));
  std::int64_t offset = 0;
  std::memcpy(&offset, locations_[n].data() + index * sizeof(offset), sizeof(offset));
  if (offset < 0 || offset >= static_cast<std::int64_t>(labels_.size())) {
    throw Error(ErrorCode::kCorrupt,
                fmt::format("'locations.{}' of the preprocessed case {} holds {}, and there are {} voxels; "
                            "remove the case and run `hepar preprocess` again",
                            n, name_, offset, labels_.size()));
  }
  return offset;
}

CaseSplit read_split(const fs::path& splits_json, const std::string& fold) {
  const auto document = parse_json_file(splits_json);
  const auto splits = JsonNode(document, splits_json.string()).list();
  const bool takes_all = fold == "all";
  const bool is_number = !fold.empty() && fold.size() < 5 &&
                         std::all_of(fold.begin(), fold.end(), [](char c) { return c >= '0' && c <= '9'; });
  const std::size_t n = is_number ? std::stoul(fold) : 0;
  if (!(takes_all || is_number) || n >= splits.size()) {
    throw Error(
        ErrorCode::kInvalidInput,
        fmt::format("{} has {} folds, counted from 0, and none called '{}'; name one of them or `all`",
                    splits_json.string(), splits.size(), fold));
  }
  CaseSplit split{read_names(splits[n].at("train")), read_names(splits[n].at("val"))};
  if (takes_all) {
    std::set<std::string> names(split.training.begin(), split.training.end());
    names.insert(split.validation.begin(), split.validation.end());
    split.training.assign(names.begin(), names.end());
    split.validation = split.training;
  }
  return split;
}

PreprocessedDataset open_preprocessed(const fs::path& folder, const std::string& configuration,
                                      const CaseSplit& split) {
  PreprocessedDataset dataset;
  dataset.plan = read_plan(folder / "plans.json", configuration);
  dataset.labels = read_dataset_labels(folder / "dataset.json");
  if (!dataset.plan.previous_stage.empty()) {
    throw Error(ErrorCode::kUnsupported,
                fmt::format("the configuration {} takes the labels of {} as input, which Hepar can't train; "
                            "train another configuration",
                            configuration, dataset.plan.previous_stage));
  }
  const auto named = static_cast<std::int64_t>(dataset.labels.channel_names.size());
  NetworkSpec& network = dataset.plan.network;
  if (named != 0 && named != network.input_channels) {
    throw Error(
        ErrorCode::kInvalidInput,
        fmt::format("{} has {} channels, but plans.json beside it normalises {}; plan the dataset again",
                    (folder / "dataset.json").string(), named, network.input_channels));
  }
  network.heads = dataset.labels.heads();
  if (split.training.empty()) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("the fold has no case of {} to train on; name another fold", folder.string()));
  }
  dataset.training = open_cases(folder, split.training, dataset);
  dataset.validation = open_cases(folder, split.validation, dataset);
  return dataset;
}

}  // namespace hepar
