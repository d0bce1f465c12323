// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "hepar/cpu_kernels/convolution.h"

namespace hepar::cpu {

// 1x1x1 convolution from blocks to plain storage. Runs on thread_count() threads; the same bytes for any
// number of threads.
class Head {
 public:
  // True channels. Weight (heads, channels), bias (heads).
  Head(std::int64_t channels, std::int64_t heads, const ConvolutionWeights& weights);
  // Maps [block][voxel][lane], logits [head][voxel].
  void run(const float* maps, std::int64_t voxels, float* logits) const;

 private:
  void run_rest(const float* maps, std::int64_t voxels, float* logits) const;

  std::int64_t heads_, blocks_;
  std::vector<float> weights_;  // [head][channel in whole blocks]
  std::vector<float> bias_;
};

}  // namespace hepar::cpu
