// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace hepar {

// A point of a slice in pixels: x along a row (index i), y along a column (index j). Pixel centres lie at
// whole numbers, so that pixel edges lie at halves.
struct PlanePoint {
  double x = 0, y = 0;
  friend bool operator==(const PlanePoint&, const PlanePoint&) = default;
};
// Closed: the last point joins the first, which is not repeated.
using PlaneLoop = std::vector<PlanePoint>;

// By the shoelace formula, in pixels; positive when the loop turns from +x to +y.
double signed_area(const PlaneLoop& loop);

// A part of a mask whose pixels are connected over their edges (diagonal neighbours lie apart), with the
// loops around its holes. `outer` has positive signed area, holes negative.
struct PlaneRegion {
  PlaneLoop outer;
  std::vector<PlaneLoop> holes;
};

enum class ContourStyle {
  kHalfLevel,   // marching squares at 0.5: halfway between pixel centres, corners cut; few, smooth points
  kPixelEdges,  // along the pixels' edges: the area is exactly that of the pixels
};

// The regions of a slice of columns x rows pixels, i fastest, any value but 0 being inside. No point lies on
// a pixel centre, and fill_loops() of all the loops is the mask again. Marching squares: Lorensen & Cline,
// Comput. Graph. 21(4):163, 1987, in two dimensions.
std::vector<PlaneRegion> trace_regions(std::span<const std::uint8_t> mask, std::int64_t columns,
                                       std::int64_t rows, ContourStyle style);

// Fewer points of traced regions: no removed one lies farther than `tolerance_mm` from the loops that are
// left, fill_loops() of all loops stays what it was, also when points are moved by 0.001 mm, and loops that
// did not cross don't; where that can't be had the points stay. Loops don't vanish, and begin with their
// first point by y, then x. Source: Douglas & Peucker, Cartographica 10(2):112, 1973.
void simplify_regions(std::vector<PlaneRegion>& regions, double column_spacing_mm, double row_spacing_mm,
                      double tolerance_mm);

// One loop around the region less its holes: each hole is joined to the loop by a channel of no width, whose
// two ways run through the same points. Channels run along -x from each hole's first point by y, then x
// (halfway between two rows of pixel centres when the region was traced) and cross nothing.
PlaneLoop keyhole_loop(const PlaneRegion& region);

// Adds 1 (modulo 2) to every pixel whose centre lies within a loop, for each loop: the even-odd rule. Centres
// on an edge count for one of the two sides. `mask` holds 0 and 1, columns x rows, i fastest; loops may
// reach beyond it.
void fill_loops(std::span<const PlaneLoop> loops, std::int64_t columns, std::int64_t rows,
                std::span<std::uint8_t> mask);

}  // namespace hepar
