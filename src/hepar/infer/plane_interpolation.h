// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "hepar/nn/network_spec.h"

namespace hepar {

// The source voxels, one or two neighbours, that a target voxel is made of along one axis.
struct AxisTap {
  std::int64_t low, high;          // equal: the weights add up
  double low_weight, high_weight;  // their sum is 1
};

// Linear interpolation between grids that cover the same field, as scipy.ndimage.zoom(order=1,
// grid_mode=True, mode="nearest") places it. Along `nearest_axis` the nearest source slice is taken instead
// (map_coordinates of order 0). Where both grids have one size, values stay as they are.
class PlaneInterpolation {
 public:
  PlaneInterpolation(const Kernel3& source, const Kernel3& target, std::optional<std::size_t> nearest_axis);

  // Source planes of target plane d; they never decrease from plane to plane.
  const AxisTap& planes(std::int64_t d) const { return taps_[0][static_cast<std::size_t>(d)]; }

  // A source row brought to the target's width, in float32.
  void widen(std::span<const float> source, std::span<float> result) const;
  // Row h of target plane d in float32, from its source planes planes(d).low and .high with widened rows.
  // Off from the exact value by less than 2^-20 of the planes' largest magnitude: about ten
  // roundings of 2^-24.
  void row(std::int64_t d, std::int64_t h, const float* low, const float* high,
           std::span<float> result) const;

  // One target voxel with scipy's arithmetic, from the source planes as they are: every corner times its
  // weights along d, h, w in this order, all summed in double; then rounded to float16 as NumPy stores it.
  float exact(const Kernel3& voxel, const float* low, const float* high) const;

 private:
  Kernel3 source_;
  std::array<std::vector<AxisTap>, 3> taps_;
};

}  // namespace hepar
