// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "hepar/volume/volume.h"

namespace hepar {

// Voxels of each label.
std::array<std::int64_t, 256> count_labels(const LabelMap& labels);

}  // namespace hepar
