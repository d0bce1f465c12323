// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "hepar/cpu_kernels/convolution.h"

namespace hepar::cpu {

// One sample: what the convolution took, all planes of it, and the gradient of what it gave.
struct GradientSample {
  std::span<const MapsPart> in;
  const float* out_gradient;  // [block][d][h][w][lane]
};

// The gradient of a convolution's weight, (out_channels, in_channels, kd, kh, kw) in whole blocks, summed
// over the samples, by the transposes of training_rules() (training_rules.h). Runs on thread_count() threads;
// the same bytes for any number of them.
void weight_gradient(const ConvolutionShape& shape, std::span<const GradientSample> samples,
                     std::span<float> gradient);

}  // namespace hepar::cpu
