// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "hepar/pipeline/validate_model.h"

namespace hepar {

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
