// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

#include "hepar/core/random.h"

namespace hepar {

// The chance of one forward pass in training: one stream of random numbers for each sample of the batch, so
// that a sample drops the same channels whatever batch, process or device it is in.
struct DropoutDraw {
  std::vector<Random> samples;
};

// What dropout multiplies a convolution's maps with, (samples, channels, 1, 1, 1) float32 on the host: 0 with
// probability `share`, else 1 / (1 - share). Whole channels drop, as in torch.nn.Dropout3d (Tompson et al.,
// CVPR 2015, section 3.2). Layer L of the pass, counted from 0 as it computes, takes stream L of each
// sample.
at::Tensor dropout_factors(const DropoutDraw& draw, std::uint64_t layer, std::int64_t channels, double share);

}  // namespace hepar
