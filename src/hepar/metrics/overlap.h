// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "hepar/volume/volume.h"

namespace hepar {

// Dice similarity coefficient 2 |A n B| / (|A| + |B|) of the voxels that are not 0; 0 when one mask is
// empty, undefined when both are. Masks of different size break the contract.
// Source: Dice, Ecology 26(3):297, 1945.
std::optional<double> dice(const Mask& a, const Mask& b);

}  // namespace hepar
