// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "hepar/cpu_kernels/blocked_maps.h"

namespace hepar::cpu {

// Averages boxes of `kernel` voxels side by side, as torch.nn.AvgPool3d with stride = kernel; `in_size` is a
// multiple of it. `channels` in whole blocks; both maps [block][d][h][w][lane]. Runs on thread_count()
// threads; the same bytes for any number of threads.
void average_pool(const float* in, const Size3& in_size, std::int64_t channels, const Size3& kernel,
                  float* out);

}  // namespace hepar::cpu
