// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hepar/imaging/resize.h"
#include "hepar/plan/preprocess.h"
#include "hepar/plan/resampling.h"

namespace hepar {

// From which voxels to which; along (i, j, k) = w, h, d.
struct GridPlan {
  Int3 size, new_size;
  std::array<double, 3> spacing_mm{}, wanted_mm{};  // d, h, w
};

// Of the cut and reordered scan to the plan's spacing. Error(kInvalidInput) when an axis has no voxel left.
GridPlan plan_grid(const PreprocessedCase& prepared, const ModelPlan& plan);

// Throws Error(kUnsupported) unless order_z is 0.
ResizeRule resize_rule(const ResamplingRule& rule, const GridPlan& grid);

}  // namespace hepar
