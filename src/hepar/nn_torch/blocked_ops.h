// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

#include "hepar/nn/network_spec.h"

// The layers of a network on the host in float32, with gradients, by the kernels of cpu_kernels. Maps between
// them are (N, C / block, D, H, W, block), contiguous but for axis 0, the lanes beyond the last channel zero
// (cpu_kernels/blocked_maps.h); parameters and their gradients are LibTorch's. The same bytes for any number
// of threads.
namespace hepar::blocked {

// From (N, C, D, H, W) and back.
at::Tensor block(const at::Tensor& plain);
at::Tensor unblock(const at::Tensor& maps, std::int64_t channels);
inline bool is_blocked(const at::Tensor& maps) { return maps.dim() == 6; }

// One or two maps, the channels of the first before those of the second. The first has the input channels of
// the weight that the second, of `second_channels`, leaves.
struct ConvolutionInput {
  at::Tensor first, second = {};
  std::int64_t second_channels = 0;
};
// Cross-correlation with padding (k - 1) / 2. `bias` may be undefined. A norm after the convolution takes any
// bias away with the mean: with `norm_follows` its gradient is the exact 0. Kernels without
// cpu::training_rules() go through LibTorch.
struct ConvolutionSettings {
  Kernel3 stride{1, 1, 1};
  bool norm_follows = false;
};
at::Tensor convolve(const ConvolutionInput& input, const at::Tensor& weight, const at::Tensor& bias,
                    const ConvolutionSettings& settings);

// Instance norm, then leaky ReLU; a slope of 1 leaves it out.
struct NormSettings {
  double eps = 1e-5, slope = 1;
  at::Tensor factors = {};  // (N, C, 1, 1, 1): what dropout multiplies the maps with before; may be undefined
};
at::Tensor normalise(const at::Tensor& maps, const at::Tensor& weight, const at::Tensor& bias,
                     const NormSettings& settings);

// Transposed convolution with kernel = stride. `bias` may be undefined.
at::Tensor upsample(const at::Tensor& maps, const at::Tensor& weight, const at::Tensor& bias);

// Mean over boxes of `kernel` voxels side by side.
at::Tensor average_pool(const at::Tensor& maps, const Kernel3& kernel);

}  // namespace hepar::blocked
