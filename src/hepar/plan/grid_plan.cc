// SPDX-License-Identifier: Apache-2.0
#include "hepar/plan/grid_plan.h"

#include <fmt/format.h>

#include "hepar/core/error.h"

namespace hepar {

GridPlan plan_grid(const PreprocessedCase& prepared, const ModelPlan& plan) {
  GridPlan grid;
  grid.size = prepared.crop.size();
  const Vec3& spacing = prepared.reordered.spacing_mm;
  grid.spacing_mm = {spacing.z, spacing.y, spacing.x};
  grid.wanted_mm = plan.spacing_mm;
  if (plan.two_dimensional) grid.wanted_mm[0] = grid.spacing_mm[0];
  const Kernel3 size =
      resampled_size({grid.size.k, grid.size.j, grid.size.i}, grid.spacing_mm, grid.wanted_mm);
  grid.new_size = {size[2], size[1], size[0]};
  for (std::size_t axis = 0; axis < 3; ++axis) {
    if (size[axis] > 0) continue;
    throw Error(
        ErrorCode::kInvalidInput,
        fmt::format("The scan's {} voxels of {:.3f} mm make no voxel of {:.3f} mm, which the model sees "
                    "along this axis; check the scan's spacing.",
                    grid.size[2 - static_cast<int>(axis)], grid.spacing_mm[axis], grid.wanted_mm[axis]));
  }
  return grid;
}

ResizeRule resize_rule(const ResamplingRule& rule, const GridPlan& grid) {
  ResizeRule result{.order = rule.order, .slice_axis = {}};
  const auto axis = separate_axis(rule, grid.spacing_mm, grid.wanted_mm);
  if (!axis) return result;
  if (rule.order_z != 0) {
    throw Error(ErrorCode::kUnsupported,
                fmt::format("The model resamples between slices with order_z {}; Hepar knows order_z 0, the "
                            "nearest slice.",
                            rule.order_z));
  }
  result.slice_axis = 2 - static_cast<int>(*axis);
  return result;
}

}  // namespace hepar
