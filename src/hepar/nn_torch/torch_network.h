// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "hepar/nn/network_spec.h"
#include "hepar/tensors/weights.h"

namespace hepar {

// The network of a NetworkSpec in LibTorch, for training. Private to this module.
class TorchNetwork {
 public:
  // He's initialisation for leaky ReLU over the fan-in, biases 0, norms 1 and 0 (the last norm of a residual
  // block 0 and 0), as nnU-Net (dynamic_network_architectures/initialization/weight_init.py); He et al.,
  // ICCV 2015, equation 14.
  // The same seed gives the same weights. Error(kUnsupported) for a spec with dropout.
  TorchNetwork(const NetworkSpec& spec, std::uint64_t seed);

  // Convolutions in bfloat16, weights, losses and optimiser in float32. Faster by half or more on
  // processors with AVX512_BF16 or AMX, much slower on all others.
  void set_bfloat16(bool on) { bfloat16_ = on; }

  // input (N, C, D, H, W) float32. Logits in float32, full resolution first, one per decoder stage.
  std::vector<at::Tensor> forward(const at::Tensor& input) const;

  // By nnU-Net's name (network_spec.h), float32, requiring gradients.
  const std::map<std::string, at::Tensor>& parameters() const { return parameters_; }
  Weights weights() const;
  // Error(kInvalidInput) naming the parameter that is missing or has another shape.
  void set_weights(const Weights& weights);

 private:
  at::Tensor convolve_and_normalise(const std::string& name, const at::Tensor& input,
                                    const Kernel3& stride) const;
  at::Tensor block(const std::string& name, const at::Tensor& input, const Kernel3& stride) const;
  at::Tensor residual_block(const std::string& name, const at::Tensor& input, const Kernel3& stride) const;
  at::Tensor encoder_stage(std::size_t s, at::Tensor x) const;
  const at::Tensor& parameter(const std::string& name) const { return parameters_.at(name); }
  at::Tensor as_computed(const std::string& name) const;
  // Not defined where the convolution has no bias.
  at::Tensor bias_as_computed(const std::string& name) const;

  NetworkSpec spec_;
  bool bfloat16_ = false;
  std::map<std::string, at::Tensor> parameters_;
};

}  // namespace hepar
