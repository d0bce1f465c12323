// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/validate_model.h"

#include <fmt/format.h>

#include <algorithm>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/io/image_io.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;

// What predict() reports, as a part of all cases.
class CaseProgress final : public Progress {
 public:
  CaseProgress(Progress* all, std::size_t number, std::size_t count)
      : all_(all), number_(number), count_(count) {}
  void update(std::string_view stage, double done) override {
    if (all_ != nullptr) all_->update(fmt::format("validating {} of {}: {}", number_, count_, stage), done);
  }
  bool cancelled() const override { return all_ != nullptr && all_->cancelled(); }

 private:
  Progress* all_;
  std::size_t number_, count_;
};

fs::path absolute_path(const fs::path& path) { return fs::absolute(path).lexically_normal(); }

ValidatedCase validate_case(const Model& model, const TrainingSet& set, const std::string& name,
                            const fs::path& output, const PredictOptions& options, Progress* progress) {
  const ReadOptions reading{.accept_skewed_directions = set.accepts_skewed_directions()};
  ValidatedCase done{
      name, absolute_path(output / (name + ".nii.gz")), absolute_path(set.labels_file(name)), {}};
  const LoadedChannels image = read_channels(set.at(name), set.facts.channel_names.size(), reading);
  const LabelMap reference = read_labels(done.reference, reading).voxels;
  if (const auto difference = grid_difference(image.channels.front().geometry(), reference.geometry()))
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("image and labels lie on different grids: {}", *difference));
  const WideLabelMap prediction = model.predict(image.channels, options, progress);
  write_labels(done.prediction, prediction);
  for (const auto& [region, labels] : set.labels.regions) {
    done.counts.push_back(count_confusion(std::span<const std::uint16_t>(prediction.voxels()),
                                          std::span<const std::uint8_t>(reference.voxels()), labels,
                                          set.labels.ignore_label));
  }
  return done;
}

}  // namespace

Validation validate_model(const Model& model, const TrainingSet& set, std::vector<std::string> names,
                          const fs::path& output, const PredictOptions& options, Progress* progress) {
  const DatasetLabels& labels = model.folder().labels;
  if (labels.regions != set.labels.regions || labels.regions_class_order != set.labels.regions_class_order) {
    throw Error(
        ErrorCode::kInvalidInput,
        fmt::format("the model {} has other labels than {}; validate it on the dataset it was trained on",
                    model.folder().path.string(), set.folder.string()));
  }
  std::sort(names.begin(), names.end());
  make_folder(output);
  Validation validation{set.labels.regions, {}};
  for (std::size_t n = 0; n < names.size(); ++n) {
    CaseProgress case_progress(progress, n + 1, names.size());
    try {
      validation.cases.push_back(validate_case(model, set, names[n], output, options, &case_progress));
    } catch (const Error& error) {
      throw error.during(fmt::format("validating {}", names[n]));
    }
  }
  return validation;
}

}  // namespace hepar
