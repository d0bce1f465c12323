// SPDX-License-Identifier: Apache-2.0
#include "hepar/figures/outline.h"

#include <utility>

namespace hepar {

std::vector<PlaneLoop> outline(const AxialPlane<std::uint8_t>& plane,
                               const std::function<bool(std::uint8_t)>& inside) {
  std::vector<std::uint8_t> mask;
  mask.reserve(plane.pixels.size());
  for (const std::uint8_t label : plane.pixels) mask.push_back(inside(label) ? 1 : 0);
  std::vector<PlaneLoop> loops;
  for (PlaneRegion& region : trace_regions(mask, plane.width, plane.height, ContourStyle::kHalfLevel)) {
    loops.push_back(std::move(region.outer));
    for (PlaneLoop& hole : region.holes) loops.push_back(std::move(hole));
  }
  for (PlaneLoop& loop : loops) {
    for (PlanePoint& point : loop) point = {point.x + 0.5, point.y + 0.5};
  }
  return loops;
}

}  // namespace hepar
