// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "hepar/volume/volume.h"

namespace hepar {

// Exact squared Euclidean distance, in mm^2, from each voxel centre to the centre of the nearest voxel of
// the mask (any value but 0); infinite everywhere when the mask is empty. Takes 8 bytes per voxel: crop
// to what matters first (box.h). O(n), separable, lower envelopes of parabolas: Felzenszwalb &
// Huttenlocher, Theory of Computing 8:415, 2012.
Volume<double> squared_distance_mm2(const Mask& mask);

// The same from each voxel of `from` alone, in scan order, to the nearest voxel of `to`; the masks are of one
// size. Takes 2 bytes per voxel of the box around `to` in the slices of `from`, and 8 per voxel of `from`.
// Each slice is searched outwards from its voxels, in O(squared distance), until that has cost as much as the
// transform of the slice, which then answers the rest: O(n) at worst. Throws Error(kUnsupported) when both
// masks together span more than 16383 slices.
std::vector<double> squared_distances_mm2(const Mask& from, const Mask& to);

}  // namespace hepar
