// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hepar/volume/volume.h"

namespace hepar {

// Sets to 1 every voxel of value 0 from which no path of zeros over voxel faces leads out of the volume, as
// scipy.ndimage.binary_fill_holes does. Costs find_components() of the zeros.
void fill_holes(Mask& mask);

}  // namespace hepar
