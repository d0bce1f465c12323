// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "hepar/core/error.h"

namespace hepar {

// Voxels of a case by what the model (positive or not) and the reference say of them.
struct ConfusionCounts {
  std::int64_t true_positive = 0, false_positive = 0, false_negative = 0, true_negative = 0;
  friend bool operator==(const ConfusionCounts&, const ConfusionCounts&) = default;
};

// A region's counts: voxels whose label is among `labels`, in the prediction and in the reference. Voxels
// that the reference has as `ignore_label` don't count (nnunetv2/evaluation/evaluate_predictions.py,
// compute_metrics). Label maps of equal size with voxels in the same order, of any whole-number type.
template <class Predicted, class Truth>
ConfusionCounts count_confusion(std::span<const Predicted> prediction, std::span<const Truth> reference,
                                const std::vector<int>& labels, std::optional<int> ignore_label) {
  HEPAR_EXPECT(prediction.size() == reference.size(), "maps of different size");
  const auto is_in = [&](int label) {
    return std::find(labels.begin(), labels.end(), label) != labels.end();
  };
  ConfusionCounts counts;
  for (std::size_t n = 0; n < reference.size(); ++n) {
    if (ignore_label == reference[n]) continue;
    const bool found = is_in(prediction[n]), wanted = is_in(reference[n]);
    ++(found ? (wanted ? counts.true_positive : counts.false_positive)
             : (wanted ? counts.false_negative : counts.true_negative));
  }
  return counts;
}

struct ValidatedCase {
  std::string name;
  std::filesystem::path prediction, reference;  // absolute; empty where there is no file
  std::vector<ConfusionCounts> counts;          // by region of Validation
};

// What a model makes of cases with known labels.
struct Validation {
  std::vector<std::pair<std::string, std::vector<int>>> regions;  // of dataset.json: name, labels
  std::vector<ValidatedCase> cases;                               // sorted by name
};

// 2 TP / (2 TP + FP + FN); undefined where neither prediction nor reference has the region.
std::optional<double> dice_of(const ConfusionCounts& counts);

// summary.json as nnU-Net writes it (nnunetv2/evaluation/evaluate_predictions.py, compute_metrics_on_folder
// and save_summary_json): metric_per_case, mean over the cases where defined, foreground_mean over the
// regions, keys sorted, a region of several labels called "(1, 2)". An undefined number is NaN, as Python
// writes it.
std::string validation_summary_json(const Validation& validation);
void write_validation_summary(const std::filesystem::path& file, const Validation& validation);

struct RegionDice {
  std::string region;
  std::optional<double> mean;  // over the cases where it is defined
  std::size_t cases = 0;       // so many
};
std::vector<RegionDice> mean_dice(const Validation& validation);

// A line per region for the terminal.
std::string validation_text(const Validation& validation);

}  // namespace hepar
