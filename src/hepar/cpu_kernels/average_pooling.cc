// SPDX-License-Identifier: Apache-2.0
#include "hepar/cpu_kernels/average_pooling.h"

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/cpu_kernels/blocked_kernels.h"

namespace hepar::cpu {

void average_pool(const float* in, const Size3& in_size, std::int64_t channels, const Size3& kernel,
                  float* out) {
  const std::int64_t lanes = blocked_kernels().block;
  HEPAR_EXPECT(channels % lanes == 0, "a broken block of channels");
  for (std::size_t axis = 0; axis < 3; ++axis)
    HEPAR_EXPECT(in_size[axis] % kernel[axis] == 0, "maps that boxes do not fill");
  const std::int64_t depth = in_size[0] / kernel[0], height = in_size[1] / kernel[1],
                     width = in_size[2] / kernel[2];
  const std::int64_t h_step = in_size[2] * lanes, d_step = in_size[1] * h_step;
  parallel_for(channels / lanes * depth * height, [&](std::int64_t row) {
    // The boxes leave no rest, so that slice n of all blocks begins kernel x n slices in.
    const float* boxes = in + row / height * kernel[0] * d_step + row % height * kernel[1] * h_step;
    blocked_kernels().average(
        {boxes, d_step, h_step, kernel[0], kernel[1], kernel[2], out + row * width * lanes, width});
  });
}

}  // namespace hepar::cpu
