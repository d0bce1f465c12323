// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "hepar/nn/network_spec.h"
#include "hepar/nn_torch/dropout.h"
#include "hepar/tensors/weights.h"

namespace hepar {

// What the maps between input and logits are computed in. Weights, norms' statistics, logits, losses and
// optimisers stay in float32.
//   kBFloat16  faster by half or more on GPUs and on processors with AVX512_BF16 or AMX, much slower on all
//              other processors
//   kFloat16   on GPUs only; gradients would need scaling, so that it is for prediction
//   kFloat64   what the gradients of the others are measured by
enum class Precision { kFloat32, kBFloat16, kFloat16, kFloat64 };

// The network of a NetworkSpec in LibTorch, for training and for GPUs. Not for other modules than train.
class TorchNetwork {
 public:
  // He's initialisation for leaky ReLU over the fan-in, biases 0, norms 1 and 0 (the last norm of a residual
  // block 0 and 0), as nnU-Net (dynamic_network_architectures/initialization/weight_init.py); He et al.,
  // ICCV 2015, equation 14.
  // The same seed gives the same weights.
  TorchNetwork(const NetworkSpec& spec, std::uint64_t seed);
  // Trained weights. Throws when they are not those of the network (check_weights).
  TorchNetwork(const NetworkSpec& spec, const Weights& weights);

  const NetworkSpec& spec() const { return spec_; }
  void set_precision(Precision precision) { precision_ = precision; }
  // Whether Hepar's kernels (cpu_kernels) compute on the host in float32; at first LibTorch's do. Both give
  // the same logits and gradients but for rounding. Error(kUnsupported) where they are not built in.
  void use_own_kernels(bool use);
  static bool has_own_kernels();

  // Where the parameters lie and the network runs; at first the host. Moving makes new parameters, so that it
  // comes before the optimiser.
  at::Device device() const { return parameters_.begin()->second.device(); }
  void move_to(const at::Device& device);

  // input (N, C, D, H, W) float32, on any device. Logits in float32 on the network's device, full resolution
  // first, one per decoder stage. `dropout`, one stream for each of the N samples, drops the spec's share of
  // channels between each convolution and its norm, but not in the second convolution and skip of a residual
  // block (as building_blocks/residual.py); without it, as in prediction, none are dropped.
  std::vector<at::Tensor> forward(const at::Tensor& input, const DropoutDraw* dropout = nullptr) const;

  // By nnU-Net's name (network_spec.h), float32, requiring gradients.
  const std::map<std::string, at::Tensor>& parameters() const { return parameters_; }
  Weights weights() const;
  // Error(kInvalidInput) naming the parameter that is missing or has another shape.
  void set_weights(const Weights& weights);

 private:
  // One forward pass: what is dropped, and the dropout layers so far.
  struct Pass {
    const DropoutDraw* dropout;
    std::uint64_t layer = 0;
  };
  // The maps that a convolution takes, side by side.
  using Inputs = std::vector<at::Tensor>;
  // The layers. With own kernels maps are in channel blocks (blocked_ops.h) between input and logits.
  bool in_blocks() const { return own_kernels_ && precision_ == Precision::kFloat32 && device().is_cpu(); }
  at::Tensor begin(const at::Tensor& input) const;
  at::Tensor convolve(const std::string& name, const Inputs& inputs, const Kernel3& stride) const;
  // Not defined without dropout.
  at::Tensor draw_factors(const std::string& name, Pass& pass) const;
  at::Tensor normalise(const std::string& name, const at::Tensor& x, const at::Tensor& factors,
                       double slope) const;
  at::Tensor pool(const at::Tensor& x, const Kernel3& kernel) const;
  at::Tensor block(const std::string& name, const Inputs& inputs, const Kernel3& stride, Pass& pass) const;
  at::Tensor residual_block(const std::string& name, const at::Tensor& input, const Kernel3& stride,
                            Pass& pass) const;
  at::Tensor encoder_stage(std::size_t s, at::Tensor x, Pass& pass) const;
  at::Tensor upsample(std::size_t s, const at::Tensor& x) const;
  at::Tensor head(std::size_t s, const at::Tensor& x) const;
  const at::Tensor& parameter(const std::string& name) const { return parameters_.at(name); }
  at::Tensor as_computed(const std::string& name) const;
  // Not defined where the convolution has no bias.
  at::Tensor bias_as_computed(const std::string& name) const;
  at::ScalarType type() const;
  // Of operations that LibTorch 1.13 has in float32 alone on the CPU: pooling and transposed convolution.
  at::ScalarType type_for_few() const { return device().is_cpu() ? type_of_norms() : type(); }
  at::ScalarType type_of_norms() const {
    return precision_ == Precision::kFloat64 ? at::kDouble : at::kFloat;
  }

  NetworkSpec spec_;
  Precision precision_ = Precision::kFloat32;
  bool own_kernels_ = false;
  std::map<std::string, at::Tensor> parameters_;
};

}  // namespace hepar
