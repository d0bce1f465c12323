// SPDX-License-Identifier: Apache-2.0
#include "preprocess_dataset.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/io/image_io.h"
#include "hepar/pipeline/nnunet_dataset.h"
#include "hepar/plan/default_plan.h"
#include "hepar/plan/preprocess.h"
#include "hepar/tensors/weights.h"

namespace hepar {
namespace {

namespace fs = std::filesystem;

DatasetLabels read_region_labels(const fs::path& dataset) {
  const fs::path file = dataset / "dataset.json";
  DatasetLabels labels = read_dataset_labels(file);
  if (labels.regions_class_order.empty()) {
    throw Error(
        ErrorCode::kUnsupported,
        fmt::format(
            "{} names separate labels; Hepar trains on regions, the first holding all others, such as "
            "\"liver\": [1, 2], \"tumour\": 2 with regions_class_order [1, 2].",
            file.string()));
  }
  return labels;
}

void write_case(const fs::path& target, const CtVolume& ct, const LabelMap& labels, const ModelPlan& plan) {
  if (const auto difference = grid_difference(ct.geometry(), labels.geometry())) {
    throw Error(ErrorCode::kInvalidInput, fmt::format("Image and labels of {} lie on different grids: {}.",
                                                      target.stem().string(), *difference));
  }
  const PreprocessedCase prepared = preprocess(ct, plan);
  std::vector<std::uint8_t> truth;
  for (const std::int16_t label : preprocess_labels(labels, {&ct, 1}, prepared, plan)) {
    truth.push_back(static_cast<std::uint8_t>(std::max<std::int16_t>(label, 0)));  // -1: outside the patient
  }
  const TensorShape& size = prepared.image.shape;
  write_safetensors(target, {{"image",
                              ElementType::kFloat32,
                              {1, size.d, size.h, size.w},
                              std::as_bytes(std::span(prepared.image.values))},
                             {"labels",
                              ElementType::kUInt8,
                              {size.d, size.h, size.w},
                              std::as_bytes(std::span(std::as_const(truth)))}});
}

void write_splits(const fs::path& file, const std::vector<std::string>& names, std::size_t validation_cases) {
  const auto training_count = static_cast<std::ptrdiff_t>(names.size() - validation_cases);
  const nlohmann::ordered_json split{{"train", std::vector(names.begin(), names.begin() + training_count)},
                                     {"val", std::vector(names.begin() + training_count, names.end())}};
  write_text_file(file, nlohmann::ordered_json::array({split}).dump(1));
}

}  // namespace

void preprocess_dataset(const fs::path& dataset, const fs::path& output,
                        std::optional<std::size_t> validation_cases, Progress* progress) {
  const DatasetLabels labels = read_region_labels(dataset);
  const std::vector<std::string> names = nnunet_case_names(dataset, labels.file_ending);
  const std::size_t held_back = validation_cases.value_or(names.size() / 10);
  if (held_back >= names.size()) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("{} of the {} cases of {} are for validation, so none is left to train on.",
                            held_back, names.size(), dataset.string()));
  }
  ModelPlan plan = default_plan();
  plan.network.heads = static_cast<std::int64_t>(labels.regions.size());
  make_folder(output / "cases");
  for (std::size_t n = 0; n < names.size(); ++n) {
    report(progress, "prepare", static_cast<double>(n) / static_cast<double>(names.size()));
    const fs::path target = output / "cases" / (names[n] + ".safetensors");
    if (fs::exists(target)) continue;
    const CtImage ct = read_ct(dataset / "imagesTr" / (names[n] + "_0000" + labels.file_ending));
    write_case(target, ct.voxels, read_labels(dataset / "labelsTr" / (names[n] + labels.file_ending)).voxels,
               plan);
  }
  write_plan(output / "plans.json", plan, fs::absolute(dataset).lexically_normal().filename().string());
  write_text_file(output / "dataset.json", read_text_file(dataset / "dataset.json"));
  write_splits(output / "splits_final.json", names, held_back);
  report(progress, "prepare", 1);
}

}  // namespace hepar
