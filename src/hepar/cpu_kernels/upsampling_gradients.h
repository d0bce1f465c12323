// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "hepar/cpu_kernels/upsampling.h"

namespace hepar::cpu {

// Weights are (in_channels, out_channels, kd, kh, kw), biases out_channels long; maps [block][d][h][w][lane].
class TrainingUpsampling {
 public:
  TrainingUpsampling(const UpsamplingShape& shape, std::span<const float> weight);
  void run(const float* in, std::span<const float> bias, float* out) const;
  // The gradient of the input from that of the output.
  void run_back(const float* out_gradient, float* in_gradient) const;

 private:
  UpsamplingShape shape_;
  AlignedFloats forwards_;   // [tap][output block][input channel][lane]
  AlignedFloats backwards_;  // [tap][input block][output channel][lane]
};

// Gradient of the weights, summed over samples of (input, output's gradient).
struct UpsamplingSample {
  const float* in;
  const float* out_gradient;
};
void upsampling_weight_gradient(const UpsamplingShape& shape, std::span<const UpsamplingSample> samples,
                                std::span<float> gradient);

}  // namespace hepar::cpu
