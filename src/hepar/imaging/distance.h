// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hepar/volume/volume.h"

namespace hepar {

// Exact squared Euclidean distance, in mm^2, from each voxel centre to the centre of the nearest voxel of
// the mask (any value but 0); infinite everywhere when the mask is empty. Takes 8 bytes per voxel: crop
// to what matters first (box.h). O(n), separable, lower envelopes of parabolas: Felzenszwalb &
// Huttenlocher, Theory of Computing 8:415, 2012.
Volume<double> squared_distance_mm2(const Mask& mask);

}  // namespace hepar
