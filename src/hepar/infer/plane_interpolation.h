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
// grid_mode=True, mode="nearest") places it, target row by target row. Along `nearest_axis` the nearest
// source slice is taken instead (map_coordinates of order 0). Where both grids have one size, values stay as
// they are. Exact: scipy's arithmetic, every corner times its weights along d, h, w in this order and all
// summed in double, then rounded to float16. Otherwise float32 sums.
class PlaneInterpolation {
 public:
  PlaneInterpolation(const Kernel3& source, const Kernel3& target, std::optional<std::size_t> nearest_axis,
                     bool exact);

  // Source planes of target plane d; they never decrease from plane to plane.
  const AxisTap& planes(std::int64_t d) const { return taps_[0][static_cast<std::size_t>(d)]; }

  // Row h of target plane d from its source planes planes(d).low and .high, each h x w. Lets itself be called
  // from several threads with scratch space of their own.
  struct Scratch {
    std::vector<double> corners;
    std::vector<float> blended;
  };
  void row(std::int64_t d, std::int64_t h, const float* low, const float* high, std::span<float> result,
           Scratch& scratch) const;

 private:
  std::int64_t source_width_;
  bool exact_;
  std::array<std::vector<AxisTap>, 3> taps_;
};

}  // namespace hepar
