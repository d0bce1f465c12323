// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <vector>

#include "hepar/figures/axial_plane.h"
#include "hepar/imaging/planar_contours.h"

namespace hepar {

// The outlines of the pixels for which `inside` holds, holes included, halfway between pixel centres
// (ContourStyle::kHalfLevel), in the pixels of AxialPlane: a pixel's centre lies at + 0.5.
std::vector<PlaneLoop> outline(const AxialPlane<std::uint8_t>& plane,
                               const std::function<bool(std::uint8_t)>& inside);

}  // namespace hepar
