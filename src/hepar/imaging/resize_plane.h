// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "hepar/imaging/resize_taps.h"

namespace hepar::detail {

// A slice in memory: `width` neighbouring values in each of `height` rows.
struct PlaneSize {
  std::int64_t width, height;
  std::int64_t count() const { return width * height; }
};

struct CubicTaps {
  std::vector<CubicTap> columns, rows;
};

// Memory that one thread uses again from slice to slice.
struct PlaneScratch {
  std::vector<double> wide, values;
};

// The slice resized by cubic splines; row y of the result begins at result + y * stride.
void resize_plane_cubic(const float* plane, PlaneSize size, const CubicTaps& taps, PlaneScratch& scratch,
                        double* result, std::int64_t stride);

// One row of the array resized linearly: from the rows at `row.low` and `row.high` of the slices `low` and
// `high`. The sum over the eight samples is in SciPy's order, which is the only one to give its bits: the
// weights are multiplied on one after the other, the slices' first, and the samples added with the last
// axis fastest.
struct LinearRow {
  const float *low, *high;  // first voxels of the slices
  std::int64_t width;       // of a row
  LinearTap slice, row;
};
void resize_row_linear(const LinearRow& from, const std::vector<LinearTap>& columns,
                       std::vector<double>& scratch, float* result);

}  // namespace hepar::detail
