// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "hepar/volume/volume.h"

namespace hepar {

// How many voxels two masks have, and have in common.
struct Overlap {
  std::int64_t common = 0, prediction = 0, reference = 0;
};

// Any value but 0 is inside. Masks of different size break the contract.
Overlap count_overlap(const Mask& prediction, const Mask& reference);

// Dice similarity coefficient 2 |P n R| / (|P| + |R|); 0 when one mask is empty, undefined when both are.
// Source: Dice, Ecology 26(3):297, 1945.
std::optional<double> dice(const Overlap& overlap);

// Jaccard index |P n R| / |P u R|; 0 when one mask is empty, undefined when both are.
// Source: Jaccard, New Phytologist 11(2):37, 1912.
std::optional<double> jaccard(const Overlap& overlap);

// (|P| - |R|) / |R|, signed; undefined when the reference is empty.
// Source: Heimann et al., IEEE Trans. Med. Imaging 28(8):1251, 2009.
std::optional<double> relative_volume_difference(const Overlap& overlap);

}  // namespace hepar
