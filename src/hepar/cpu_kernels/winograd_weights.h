// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "hepar/cpu_kernels/convolution.h"
#include "hepar/cpu_kernels/winograd_kernels.h"

namespace hepar::cpu {

// A convolution's weights as the points of its tiles take them, for each pair of output blocks (the last one
// may be alone).
class WinogradWeights {
 public:
  // `weight` as in ConvolutionWeights; without any, all are zero.
  WinogradWeights(const ConvolutionShape& shape, const AxisRules& axes, std::span<const float> weight);

  std::int64_t pairs() const { return ceil_div(out_blocks_, 2); }
  std::int64_t blocks_of(std::int64_t pair) const;  // 1 or 2
  // [input channel][output channel of the pair]. Points are numbered w fastest, then h, then d.
  const float* at(std::int64_t pair, std::int64_t point) const {
    const std::int64_t weight = weight_of_point_[static_cast<std::size_t>(point)];
    return values_.get() + (pair * 2 * unique_ + weight * blocks_of(pair)) * block_floats_;
  }

 private:
  void transform(const ConvolutionShape& shape, const AxisRules& axes, std::span<const float> weight);

  std::int64_t out_blocks_, unique_;
  std::int64_t block_floats_;  // of one weight of all input channels for one output block
  std::vector<std::int64_t> weight_of_point_;
  AlignedFloats values_;  // [pair][weight][input channel][output channel of the pair]
};

}  // namespace hepar::cpu
