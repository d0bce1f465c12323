// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hepar/infer/label_finder.h"
#include "hepar/infer/search.h"
#include "hepar/plan/preprocess.h"
#include "hepar/volume/volume.h"
#include "hepar/windows/window_choice.h"

namespace hepar {

// What the network sees at or below this value of channel 0 is air; nothing unless the model has one channel
// and that is CT. Air is below -500 HU, half-way between air (-1000 HU) and water (0 HU): lung counts as air,
// skin and fat do not. A plan that clips its HU above that can't tell more from air, and neither can its
// network.
std::optional<float> air_value(const ModelPlan& plan);

// Chooses the windows of one scan, pass by pass, until the labels that are looked for lie well inside of
// them.
class WindowSearch {
 public:
  // All windows that see body when `body_only`, else all.
  WindowSearch(const PreprocessedCase& prepared, const ModelFolder& model, double step_fraction,
               bool body_only);
  // From now on only windows near what a coarse pass found (not 0 where it did, on any grid), and near
  // those voxels of the passes to come that have one of these labels.
  void look_near(const Mask& found, std::span<const int> labels);

  // From now on all windows, or all that see body.
  void take_all();

  const SlidingWindows& windows() const { return windows_; }
  // What chooses the windows of the next pass; how many of them there are, and how many there can be.
  Search effective() const;
  std::int64_t count() const { return count_of(chosen()); }
  std::int64_t most() const { return count_of(body_); }
  // The windows of the pass that begins; empty: all.
  std::vector<std::uint8_t> start_pass();
  // A finished plane of logits, heads x h x w.
  void look(std::int64_t d, std::span<const float> logits);
  // After a pass near labels: how much of them it found.
  double found_ml() const { return static_cast<double>(found_voxels_) * network_grid_.voxel_volume_ml(); }
  // ... False: labels came near to windows that did not run, so that more must.
  bool is_clean();

 private:
  std::vector<std::uint8_t> chosen() const;
  std::int64_t count_of(const std::vector<std::uint8_t>& run) const;
  static RegionMask grown(const Mask& mask, double margin_mm);

  SlidingWindows windows_;
  const DatasetLabels& labels_;
  std::vector<std::uint8_t> body_;  // windows that see it; empty: all
  std::vector<std::uint8_t> near_;  // windows near the labels; empty: all
  std::optional<LabelFinder> finder_;
  Geometry network_grid_;
  double margin_mm_;
  Mask region_;   // what was found in any pass, on a grid of about kRegionMm over the network's
  Mask in_pass_;  // ... and in this one
  std::int64_t found_voxels_ = 0;  // in this pass, on the network's grid
  std::vector<std::uint8_t> plane_;
};

}  // namespace hepar
