// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "hepar/volume/volume.h"

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

// The windows that cover a volume, i fastest. Where the volume is smaller than the patch it is thought to be
// padded, by floor(rest / 2) voxels before and the others after; windows then reach beyond the volume.
class SlidingWindows {
 public:
  SlidingWindows(Int3 volume, Int3 patch, double step_fraction = 0.5);
  std::int64_t size() const;
  Box3 operator[](std::int64_t n) const;
  // The sum of all windows' weights at one voxel of the volume is the product of these sums.
  const std::vector<float>& weight_sums(int axis) const {
    return weight_sums_[static_cast<std::size_t>(axis)];
  }
  const std::vector<float>& profile(int axis) const { return profiles_[static_cast<std::size_t>(axis)]; }

 private:
  Int3 patch_;
  std::array<std::vector<std::int64_t>, 3> starts_;  // in voxels of the volume, negative where padded
  std::array<std::vector<float>, 3> profiles_, weight_sums_;
};

}  // namespace hepar
