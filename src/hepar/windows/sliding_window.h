// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "hepar/nn/network_spec.h"

namespace hepar {

// First voxels of the windows along one axis: evenly spread, the last ends at the border, neighbours overlap
// by at least 1 - step_fraction of a patch up to rounding. Rule:
// nnunetv2/inference/sliding_window_prediction.py, compute_steps_for_sliding_window (positions rounded half
// to even). Needs patch <= size, step_fraction in (0, 1].
std::vector<std::int64_t> window_starts(std::int64_t size, std::int64_t patch, double step_fraction);

// A Gaussian centred on voxel patch / 2 with SD patch / 8 and greatest value 1: how much a window counts
// along one axis; a voxel's weight is the product over the axes. As compute_gaussian there, which filters a
// point with scipy's gaussian_filter.
std::vector<float> window_profile(std::int64_t patch);

// The same over the whole patch (d, h, w) as nnU-Net holds it since version 2.4, bit for bit: computed in
// double, greatest value 10, rounded to float16, zeros replaced by the smallest other value.
std::vector<float> half_window_weights(const Kernel3& patch);

// The part of a window that lies in the volume, along one axis.
struct WindowPart {
  std::int64_t in_volume, in_window, count;  // first voxel here and there, voxels
};

// The windows that cover a volume, axes d, h, w. Where the volume is smaller than the patch it is thought to
// be padded, by floor(rest / 2) voxels before and the others after; windows then reach beyond the volume.
// Along an axis where the patch is one voxel, as in networks of slices, every voxel is in one window.
// Error(kInvalidInput) for a step that is none.
class SlidingWindows {
 public:
  SlidingWindows(const Kernel3& volume, const Kernel3& patch, double step_fraction = 0.5);
  const Kernel3& volume() const { return volume_; }
  const Kernel3& patch() const { return patch_; }
  std::int64_t count() const;
  // Takes part of them only: `run` says 1 or 0 for every window, d outermost and w fastest.
  void choose(std::vector<std::uint8_t> run);
  bool takes_all() const { return run_.empty(); }
  // Whether the window of these indices into starts() is taken.
  bool takes(std::size_t d, std::size_t h, std::size_t w) const {
    return run_.empty() || run_[(d * starts_[1].size() + h) * starts_[2].size() + w] != 0;
  }
  std::int64_t taken_count() const;
  // Ascending, in voxels of the volume; negative where padded. nnU-Net takes the windows d outermost.
  const std::vector<std::int64_t>& starts(std::size_t axis) const { return starts_[axis]; }
  WindowPart part(std::size_t axis, std::int64_t start) const;
  const std::vector<float>& profile(std::size_t axis) const { return profiles_[axis]; }
  // The sum of all windows' weights at one voxel of the volume, taken or not, is the product of these sums.
  const std::vector<float>& weight_sums(std::size_t axis) const { return weight_sums_[axis]; }

 private:
  Kernel3 volume_, patch_;
  std::array<std::vector<std::int64_t>, 3> starts_;
  std::array<std::vector<float>, 3> profiles_, weight_sums_;
  std::vector<std::uint8_t> run_;  // by window; empty: all
};

}  // namespace hepar
