// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "hepar/nn/network_spec.h"

namespace hepar {

// One input of the network with its truth.
struct Patch {
  Kernel3 size{};  // voxels along d, h, w
  std::int64_t channels = 1;
  std::vector<float> image;          // (C, d, h, w)
  std::vector<std::int16_t> labels;  // (d, h, w); >= 0 once drawn, -1 before that where there is nothing
  std::size_t case_index = 0;        // of the training or validation cases
  Kernel3 start{};                   // index in the case of the first voxel that the patch was cut from

  std::int64_t voxel_count() const { return size[0] * size[1] * size[2]; }
};

}  // namespace hepar
