// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hepar {

using Kernel3 = std::array<std::int64_t, 3>;  // along d, h, w

enum class NetworkClass { kPlainConvUNet, kResidualEncoderUNet };

// nnU-Net's U-Nets (dynamic_network_architectures/architectures/unet.py). A conv block is conv (padding
// (k-1)/2) -> instance norm (affine, eps, biased variance) -> leaky ReLU; the first block of a stage carries
// the stage's stride. Decoder stage s takes the map of encoder stage S-1-s, upsamples it by a transposed
// convolution with kernel = stride = strides[S-1-s], concatenates [upsampled, skip] and runs its conv
// blocks; a 1x1x1 head with bias makes the logits.
// PlainConvUNet: encoder stages are conv blocks. ResidualEncoderUNet: a stem of one conv block with stride
// 1 and features[0], then residual blocks (building_blocks/residual.py, BasicBlockD):
//   leaky ReLU(norm(conv2(conv block 1(x))) + skip(x)), skip = average pooling with kernel = stride where
//   strided, then, where the channel count changes, a 1x1x1 convolution without bias and a norm.
// A network of slices (2d configuration) is one whose kernels and strides are 1 along d.
//
// Parameter names in a model's weights are nnU-Net's, without its duplicates:
//   encoder.stages.{i}.0.convs.{j}.conv.{weight,bias}   weight (C_out, C_in, kd, kh, kw)
//   encoder.stages.{i}.0.convs.{j}.norm.{weight,bias}
//   decoder.stages.{s}.convs.{j}.{conv,norm}.{weight,bias}
//   decoder.transpconvs.{s}.{weight,bias}               weight (C_in, C_out, kd, kh, kw)
//   decoder.seg_layers.{s}.{weight,bias}                weight (heads, C, 1, 1, 1); s = S-2 is full
//   resolution
// and, in the residual encoder:
//   encoder.stem.convs.0.{conv,norm}.{weight,bias}
//   encoder.stages.{i}.blocks.{b}.{conv1,conv2}.{conv,norm}.{weight,bias}
//   encoder.stages.{i}.blocks.{b}.skip.{0 | 1}.conv.weight, ....norm.{weight,bias}   1 after a pooling
// Without conv_bias the encoder's and decoder's convolutions and transposed convolutions have no .bias.
struct NetworkSpec {
  NetworkClass network_class = NetworkClass::kPlainConvUNet;
  std::int64_t input_channels = 1;
  std::int64_t heads = 2;  // output channels
  std::vector<std::int64_t> features_per_stage;
  std::vector<Kernel3> kernel_sizes;                 // one per stage
  std::vector<Kernel3> strides;                      // one per stage; the first is 1, 1, 1
  std::vector<std::int64_t> conv_per_stage;          // conv or residual blocks per encoder stage
  std::vector<std::int64_t> conv_per_stage_decoder;  // conv blocks per decoder stage, lowest resolution first
  bool conv_bias = true;
  double norm_eps = 1e-5;
  double leaky_slope = 0.01;  // 0: a ReLU
  // A dropout layer after each convolution, and the share of channels it drops in training.
  std::optional<double> dropout = {};

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
