// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hepar/core/progress.h"
#include "hepar/infer/model.h"
#include "hepar/pipeline/training_set.h"

namespace hepar {

// Voxels of a case by what the model (positive or not) and the reference say of them.
struct ConfusionCounts {
  std::int64_t true_positive = 0, false_positive = 0, false_negative = 0, true_negative = 0;
  friend bool operator==(const ConfusionCounts&, const ConfusionCounts&) = default;
};

// A region's counts: voxels whose label is among `labels`, in the prediction and in the reference. Voxels
// that the reference has as `ignore_label` don't count (nnunetv2/evaluation/evaluate_predictions.py,
// compute_metrics). Needs equal sizes.
ConfusionCounts count_confusion(const WideLabelMap& prediction, const LabelMap& reference,
                                const std::vector<int>& labels, std::optional<int> ignore_label);

struct ValidatedCase {
  std::string name;
  std::filesystem::path prediction, reference;  // absolute
  std::vector<ConfusionCounts> counts;          // by region of Validation
};

// What a model makes of cases with known labels, on their own grids.
struct Validation {
  std::vector<std::pair<std::string, std::vector<int>>> regions;  // of dataset.json: name, labels
  std::vector<ValidatedCase> cases;                               // sorted by name
};

// Predicts these cases of the set and writes output/NAME.nii.gz. Error(kInvalidInput) when set and model have
// other labels; errors of a case stop it and name the case.
Validation validate_model(const Model& model, const TrainingSet& set, std::vector<std::string> names,
                          const std::filesystem::path& output, const PredictOptions& options,
                          Progress* progress);

}  // namespace hepar
