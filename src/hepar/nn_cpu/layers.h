// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "hepar/cpu_kernels/blocked_maps.h"
#include "hepar/cpu_kernels/convolution.h"
#include "hepar/nn/network_spec.h"
#include "hepar/nn/tensor.h"
#include "hepar/tensors/weights.h"

namespace hepar::cpu {

// A layer's parameters with the channels spread as they lie in memory, zero in the lanes between: weight
// (first, second, taps), bias (outputs).
struct SpreadLayer {
  std::vector<float> weight;
  std::vector<float> bias;
};

// Where the layer's input channels lie: `channels[n]` of them in the n-th part, each part padded to the
// block. Concatenated maps have two parts.
struct InputParts {
  std::vector<std::int64_t> channels;
  std::int64_t block;  // 1: plain storage
  std::int64_t padded_count() const;
};
// Weights (C_out, C_in, ...) of a convolution, with outputs padded to `out_block`.
SpreadLayer spread_convolution(const NamedTensor& weight, const NamedTensor& bias, const InputParts& inputs,
                               std::int64_t out_block);

// One layer at work. Maps lie in blocks; `out` must not overlap `in`.
using Layer = std::function<void(const float* in, float* out)>;

// A convolution and how its maps lie; channels in whole blocks.
struct LayerShape {
  std::int64_t in_channels, out_channels;
  std::int64_t in_block, out_block;  // in_block 1: plain storage
  Size3 in;
  Kernel3 kernel, stride;
  Size3 out() const { return convolution().out(); }
  ConvolutionShape convolution() const { return {in_channels, out_channels, in, kernel, stride}; }
};
// Loops of our own, for any processor.
Layer make_direct_convolution(const LayerShape& shape, const SpreadLayer& layer);
// Transposed convolution with kernel = stride, weight (C_in, C_out, kd, kh, kw); `in` is the size before.
Layer make_upsampling(const Size3& in, const NamedTensor& weight, const NamedTensor& bias);

// Averages boxes of `kernel` voxels side by side; `in` is the size before, a multiple of the kernel.
Layer make_average_pooling(const Size3& in, std::int64_t channels, const Kernel3& kernel);

// 1x1x1 convolution from blocks to plain storage (heads, D, H, W).
Layer make_head(const Size3& size, const NamedTensor& weight, const NamedTensor& bias);

}  // namespace hepar::cpu
