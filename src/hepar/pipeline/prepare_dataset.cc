// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/prepare_dataset.h"

#include <fmt/format.h>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/pipeline/training_set.h"
#include "hepar/plan/class_locations.h"
#include "hepar/plan/preprocess.h"
#include "hepar/plan/splits.h"
#include "hepar/tensors/weights.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;

void write_case(const fs::path& target, const TrainingScan& scan, const ModelPlan& plan,
                const std::vector<std::vector<int>>& classes) {
  const PreprocessedCase prepared = preprocess(scan.channels, plan);
  const std::vector<std::int16_t> labels = preprocess_labels(scan.labels, scan.channels, prepared, plan);
  const TensorShape& size = prepared.image.shape;
  std::vector<TensorToWrite> tensors{
      {"image",
       ElementType::kFloat32,
       {size.c, size.d, size.h, size.w},
       std::as_bytes(std::span(prepared.image.values))},
      {"labels", ElementType::kInt16, {size.d, size.h, size.w}, std::as_bytes(std::span(labels))}};
  std::vector<std::vector<std::int64_t>> locations;
  for (const auto& offsets : class_locations(labels, classes))
    locations.emplace_back(offsets.begin(), offsets.end());
  for (std::size_t n = 0; n < locations.size(); ++n) {
    tensors.push_back({fmt::format("locations.{}", n),
                       ElementType::kInt64,
                       {static_cast<std::int64_t>(locations[n].size())},
                       std::as_bytes(std::span(std::as_const(locations[n])))});
  }
  write_safetensors(target, tensors);
}

// Cases of other plans or labels must not stay among those of these.
void write_once(const fs::path& file, const char* what, const std::string& text) {
  if (fs::exists(file) && read_text_file(file) != text) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("{} was prepared with {}; remove the folder or name another",
                            file.parent_path().string(), what));
  }
  write_text_file(file, text);
}

}  // namespace

PreparedDataset prepare_dataset(const fs::path& dataset, const fs::path& output, const fs::path& plans_file,
                                const std::string& configuration, Progress* progress) {
  const TrainingSet set = open_training_set(dataset);
  const ModelPlan plan = read_plan(plans_file, configuration);
  const auto classes = located_classes(set.labels);
  PreparedDataset result{.folder = output / configuration, .notes = {}};
  make_folder(result.folder / "cases");
  write_once(result.folder / "plans.json", "other plans", read_text_file(plans_file));
  write_once(result.folder / "dataset.json", "another dataset.json",
             read_text_file(dataset / "dataset.json"));
  for (std::size_t n = 0; n < set.cases.size(); ++n) {
    report(progress, "preprocess", static_cast<double>(n) / static_cast<double>(set.cases.size()));
    const fs::path target = result.folder / "cases" / (set.cases[n].name + ".safetensors");
    ++result.cases;
    if (fs::exists(target)) {
      ++result.already_there;
      continue;
    }
    const TrainingScan scan = read_training_scan(set, set.cases[n]);
    try {
      write_case(target, scan, plan, classes);
    } catch (const Error& error) {
      throw error.during("preprocessing " + set.cases[n].name);
    }
    result.notes.insert(result.notes.end(), scan.notes.begin(), scan.notes.end());
  }
  const fs::path planned = plans_file.parent_path();
  if (fs::exists(planned / "dataset_fingerprint.json")) {
    write_text_file(result.folder / "dataset_fingerprint.json",
                    read_text_file(planned / "dataset_fingerprint.json"));
  }
  const fs::path splits = planned / "splits_final.json";
  write_splits(result.folder / "splits_final.json",
               fs::exists(splits) ? read_splits(splits) : cross_validation_splits(set.names()));
  report(progress, "preprocess", 1);
  return result;
}

}  // namespace hepar
