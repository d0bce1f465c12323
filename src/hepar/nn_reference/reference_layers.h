// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "hepar/nn/network_spec.h"
#include "hepar/nn/tensor.h"
#include "hepar/tensors/weights.h"

namespace hepar::reference {

// One sample's feature maps in double, (C, D, H, W) contiguous; shape.n is 1.
struct Maps {
  TensorShape shape;
  std::vector<double> values;
  explicit Maps(const TensorShape& s) : shape(s), values(static_cast<std::size_t>(s.count()), 0.0) {}
  double& at(std::int64_t c, std::int64_t d, std::int64_t h, std::int64_t w) {
    return values[offset(c, d, h, w)];
  }
  double at(std::int64_t c, std::int64_t d, std::int64_t h, std::int64_t w) const {
    return values[offset(c, d, h, w)];
  }
  std::size_t offset(std::int64_t c, std::int64_t d, std::int64_t h, std::int64_t w) const {
    return static_cast<std::size_t>(((c * shape.d + d) * shape.h + h) * shape.w + w);
  }
};

// A layer's weight and bias.
struct Affine {
  const NamedTensor& weight;
  const NamedTensor& bias;
};

// Cross-correlation, zero padding (k - 1) / 2, weight (C_out, C_in, kd, kh, kw); the output has
// ceil(size / stride) voxels along each axis. As torch.nn.Conv3d.
Maps convolve(const Maps& input, const Affine& layer, const Kernel3& stride);

// Transposed convolution with kernel = stride and no padding, weight (C_in, C_out, kd, kh, kw): every input
// voxel fills its own box of the output. As torch.nn.ConvTranspose3d.
Maps upsample(const Maps& input, const Affine& layer);

// The mean over boxes of `kernel` voxels side by side; sizes are multiples of it. As torch.nn.AvgPool3d with
// stride = kernel.
Maps average_pool(const Maps& input, const Kernel3& kernel);

// Per channel over all voxels: (x - mean) / sqrt(variance + eps) * weight + bias with the biased variance
// (torch.nn.InstanceNorm3d).
void normalise(Maps& maps, const Affine& layer, double eps);

// Leaky ReLU: negative values times `slope`.
void activate(Maps& maps, double slope);

// maps += other, of one shape.
void add(Maps& maps, const Maps& other);

// The channels of `first`, then those of `second`.
Maps concatenate(const Maps& first, const Maps& second);

}  // namespace hepar::reference
