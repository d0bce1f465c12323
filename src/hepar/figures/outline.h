// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <vector>

#include "hepar/figures/axial_plane.h"

namespace hepar {

struct PlanePoint {
  double x = 0, y = 0;  // pixels, see AxialPlane
  friend bool operator==(const PlanePoint&, const PlanePoint&) = default;
};
using PlaneLoop = std::vector<PlanePoint>;  // closed: the last point joins the first

// The outlines of the pixels for which `inside` holds, holes included: the 0.5 level of marching squares
// (Lorensen & Cline, Computer Graphics 21(4):163, 1987), found by walking along the pixel borders and
// keeping the middle of each. Pixels that touch at a corner only get separate loops.
std::vector<PlaneLoop> outline(const AxialPlane<std::uint8_t>& plane,
                               const std::function<bool(std::uint8_t)>& inside);

// The same loop without the points on a straight line between their neighbours.
PlaneLoop without_straight_points(const PlaneLoop& loop);

}  // namespace hepar
