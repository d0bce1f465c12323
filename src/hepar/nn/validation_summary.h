// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hepar/nn/model_folder.h"

namespace hepar {

// Voxels of one label or region of a case.
struct OverlapCounts {
  std::int64_t tp = 0, fp = 0, fn = 0, tn = 0;
  // Nothing where the label is in neither map.
  std::optional<double> dice() const;
  std::optional<double> iou() const;
};

// Of each region, or each foreground label, in the order of dataset.json. Both spans are one label map's voxels in
// the same order; where the reference is the ignore label, nothing is counted; its -1 counts as background.
std::vector<OverlapCounts> count_overlaps(std::span<const std::int16_t> prediction,
                                          std::span<const std::int16_t> reference, const DatasetLabels& labels);

struct ValidatedCase {
  std::string name;
  std::string prediction_file, reference_file;
  std::vector<OverlapCounts> counts;
};

// summary.json as nnU-Net writes it (evaluation/evaluate_predictions.py): Dice, IoU and counts by case, their
// means by label or region ("2", "(1, 2)") over the cases where they are defined, and the mean of those. What
// is not defined is NaN, which Python reads and strict JSON does not know.
void write_validation_summary(const std::filesystem::path& file, const std::vector<ValidatedCase>& cases,
                              const DatasetLabels& labels);

// Dice of one label or region over the cases: the mean where it is defined, and where that is.
struct MeanDice {
  std::string name;
  std::optional<double> dice;
  std::int64_t cases = 0;
};
std::vector<MeanDice> mean_dice(const std::vector<ValidatedCase>& cases, const DatasetLabels& labels);

}  // namespace hepar
