// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace hepar {

// What a chart shows of one line of metrics.jsonl, {"epoch": 3, "loss": -0.5, ...}: the keys are the members'
// names, and all but the epoch may be absent or null.
struct EpochMetrics {
  std::int64_t epoch = 0;
  std::optional<double> loss, validation_loss, pseudo_dice, pseudo_dice_ema, learning_rate, seconds;
};

// The epochs of a metrics.jsonl in ascending order; of several lines for one epoch, as a resumed training
// writes, the last counts. An incomplete last line is left out. No file is Error(kMissing), another line that
// is no such object Error(kCorrupt) with its number.
std::vector<EpochMetrics> read_metrics(const std::filesystem::path& metrics_jsonl);

// The chart as SVG, light or dark as the viewer prefers: losses and pseudo-Dice over the epochs, below them
// learning rate and seconds of an epoch. Of long trainings a point is the mean of several epochs, at most
// kMostChartPoints a line. Error(kInvalidInput) without epochs.
inline constexpr std::size_t kMostChartPoints = 250;
std::string progress_chart(const std::vector<EpochMetrics>& epochs);

// FOLDER/metrics.jsonl to FOLDER/progress.svg, whole or not at all. Errors as above.
void write_progress_chart(const std::filesystem::path& fold_folder);

}  // namespace hepar
