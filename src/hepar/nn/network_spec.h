// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace hepar {

using Kernel3 = std::array<std::int64_t, 3>;  // along d, h, w

// nnU-Net's PlainConvUNet (dynamic_network_architectures/architectures/unet.py). Every block is
// conv (bias, padding (k-1)/2) -> instance norm (affine, eps) -> leaky ReLU; the first block of a stage
// carries the stage's stride. Decoder stage s takes the map of encoder stage S-1-s, upsamples it by a
// transposed convolution with kernel = stride = strides[S-1-s], concatenates [upsampled, skip] and runs
// its blocks; a 1x1x1 head with bias makes the logits.
//
// Parameter names in a model's weights are nnU-Net's, without its duplicates:
//   encoder.stages.{i}.0.convs.{j}.conv.{weight,bias}   weight (C_out, C_in, kd, kh, kw)
//   encoder.stages.{i}.0.convs.{j}.norm.{weight,bias}
//   decoder.stages.{s}.convs.{j}.{conv,norm}.{weight,bias}
//   decoder.transpconvs.{s}.{weight,bias}               weight (C_in, C_out, kd, kh, kw)
//   decoder.seg_layers.{s}.{weight,bias}                weight (heads, C, 1, 1, 1); s = S-2 is full
//   resolution
struct NetworkSpec {
  std::int64_t input_channels = 1;
  std::int64_t heads = 2;  // output channels
  std::vector<std::int64_t> features_per_stage;
  std::vector<Kernel3> kernel_sizes;                 // one per stage
  std::vector<Kernel3> strides;                      // one per stage; the first is 1, 1, 1
  std::vector<std::int64_t> conv_per_stage;          // blocks per encoder stage
  std::vector<std::int64_t> conv_per_stage_decoder;  // blocks per decoder stage, lowest resolution first
  double norm_eps = 1e-5;
  double leaky_slope = 0.01;

  std::int64_t stages() const { return static_cast<std::int64_t>(features_per_stage.size()); }
  // The input size along d, h, w must be a multiple of this.
  Kernel3 size_divisor() const;
};

struct ParameterSpec {
  std::string name;
  std::vector<std::int64_t> shape;
};

// All parameters of the network in a fixed order, deep-supervision heads included. Throws
// Error(kInvalidInput) naming the fault when the spec contradicts itself (list lengths, sizes <= 0,
// even kernels).
std::vector<ParameterSpec> parameters_of(const NetworkSpec& spec);

}  // namespace hepar
