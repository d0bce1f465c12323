// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include "hepar/core/vec.h"

namespace hepar {

// Area in mm^2 of the mask's surface inside the cell between eight voxel centres, for each of the 256 sets
// of voxels in the mask: bit di + 2 dj + 4 dk of the code stands for the voxel at (di, dj, dk).
// Marching cubes with vertices at the edge midpoints (Lorensen & Cline, Computer Graphics 21(4):163,
// 1987): a code and its complement have one surface; voxels of the smaller set that share no edge are
// apart; polygons are triangulated with the greatest area on a cubic grid, as in the table of
// google-deepmind/surface-distance (lookup_tables.py), whose areas these are.
std::array<double, 256> surface_areas_mm2(Vec3 spacing_mm);

}  // namespace hepar
