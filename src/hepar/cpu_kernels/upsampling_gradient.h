// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "hepar/cpu_kernels/upsampling.h"

namespace hepar::cpu {

// Gradients of a transposed convolution with kernel = stride (upsampling.h), for channels in whole blocks:
// weights are (in_channels, out_channels, kd, kh, kw), maps [block][d][h][w][lane]. On thread_count()
// threads; the same bytes for any number of them.

// That of the input, from that of the output.
class UpsamplingDataGradient {
 public:
  UpsamplingDataGradient(const UpsamplingShape& shape, std::span<const float> weight);
  void run(const float* out_gradient, float* in_gradient) const;

 private:
  UpsamplingShape shape_;
  AlignedFloats weights_;  // [tap][input block][output channel][lane]
};

// That of the weights, summed over the samples.
struct UpsamplingSample {
  const float* in;
  const float* out_gradient;
};
void upsampling_weight_gradient(const UpsamplingShape& shape, std::span<const UpsamplingSample> samples,
                                std::span<float> gradient);

}  // namespace hepar::cpu
