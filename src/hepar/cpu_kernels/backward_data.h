// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>

#include "hepar/cpu_kernels/convolution.h"

namespace hepar::cpu {

// The gradient of a convolution's input, from that of its output, for kernels with training_rules()
// (training_rules.h). With strides of 1 it is the convolution with the flipped weights, else a
// sum of row products over the taps that reach an input. Runs on thread_count() threads; the same bytes for
// any number of them.
class DataGradient {
 public:
  // Weights as the convolution's.
  DataGradient(const ConvolutionShape& shape, std::span<const float> weight);
  // Both [block][d][h][w][lane].
  void run(const float* out_gradient, float* in_gradient) const;

 private:
  void pack(std::span<const float> weight);
  void write_row(const float* out_gradient, std::int64_t block, std::int64_t d, std::int64_t h,
                 float* row) const;

  ConvolutionShape shape_;
  std::unique_ptr<Convolution> flipped_;  // with strides of 1
  AlignedFloats weights_;                 // [tap][input block][output channel][lane], else
};

}  // namespace hepar::cpu
