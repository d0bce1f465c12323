// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn_torch/torch_network.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "hepar/core/error.h"
#include "hepar/core/random.h"

namespace hepar {
namespace {

constexpr Kernel3 kOne{1, 1, 1};

bool is_weight(const ParameterSpec& p) { return p.shape.size() == 5; }

// The last norm of a residual block begins with 0, so that the block begins as its skip.
bool begins_with_one(const std::string& name) {
  return name.ends_with("norm.weight") && !name.ends_with("conv2.norm.weight");
}

at::Tensor initial_value(const NetworkSpec& spec, const ParameterSpec& p, Random random) {
  if (!is_weight(p)) return at::full(p.shape, begins_with_one(p.name) ? 1.0 : 0.0);
  // PyTorch's fan-in is axis 1 times the kernel, also for transposed convolutions.
  const auto fan_in = static_cast<double>(p.shape[1] * p.shape[2] * p.shape[3] * p.shape[4]);
  const double sd = std::sqrt(2 / ((1 + spec.leaky_slope * spec.leaky_slope) * fan_in));
  at::Tensor value = at::empty(p.shape);
  float* values = value.data_ptr<float>();
  std::generate_n(values, value.numel(), [&] { return static_cast<float>(random.normal(0, sd)); });
  return value;
}

Kernel3 same_padding(at::IntArrayRef weight_shape) {
  return {(weight_shape[2] - 1) / 2, (weight_shape[3] - 1) / 2, (weight_shape[4] - 1) / 2};
}

}  // namespace

TorchNetwork::TorchNetwork(const NetworkSpec& spec, std::uint64_t seed) : spec_(spec) {
  if (spec.dropout.value_or(0) > 0) {
    throw Error(
        ErrorCode::kUnsupported,
        fmt::format("the plan drops {} of the channels, and Hepar trains without dropout; set dropout_op "
                    "to null in plans.json",
                    *spec.dropout));
  }
  const Random random(seed);
  std::uint64_t stream = 0;
  for (const ParameterSpec& p : parameters_of(spec)) {
    parameters_[p.name] = initial_value(spec, p, random.fork(stream++)).requires_grad_(true);
  }
}

at::Tensor TorchNetwork::as_computed(const std::string& name) const {
  return bfloat16_ ? parameter(name).to(at::kBFloat16) : parameter(name);
}

at::Tensor TorchNetwork::bias_as_computed(const std::string& name) const {
  return parameters_.contains(name + ".bias") ? as_computed(name + ".bias") : at::Tensor();
}

at::Tensor TorchNetwork::convolve_and_normalise(const std::string& name, const at::Tensor& input,
                                                const Kernel3& stride) const {
  const at::Tensor weight = as_computed(name + ".conv.weight");
  const at::Tensor x =
      at::conv3d(input, weight, bias_as_computed(name + ".conv"), stride, same_padding(weight.sizes()));
  return at::instance_norm(x, parameter(name + ".norm.weight"), parameter(name + ".norm.bias"), {}, {}, true,
                           0.1, spec_.norm_eps, false);
}

at::Tensor TorchNetwork::block(const std::string& name, const at::Tensor& input,
                               const Kernel3& stride) const {
  return at::leaky_relu(convolve_and_normalise(name, input, stride), spec_.leaky_slope);
}

at::Tensor TorchNetwork::residual_block(const std::string& name, const at::Tensor& input,
                                        const Kernel3& stride) const {
  const at::Tensor x = convolve_and_normalise(name + ".conv2", block(name + ".conv1", input, stride), kOne);
  const bool strided = stride != kOne;
  at::Tensor skip = input;
  // LibTorch 1.13 has no bfloat16 pooling on the CPU.
  if (strided) skip = at::avg_pool3d(input.to(at::kFloat), stride, stride).to(input.scalar_type());
  const std::string projection = name + (strided ? ".skip.1" : ".skip.0");
  if (parameters_.contains(projection + ".conv.weight"))
    skip = convolve_and_normalise(projection, skip, kOne);
  return at::leaky_relu(x + skip, spec_.leaky_slope);
}

at::Tensor TorchNetwork::encoder_stage(std::size_t s, at::Tensor x) const {
  const bool residual = spec_.network_class == NetworkClass::kResidualEncoderUNet;
  if (residual && s == 0) x = block("encoder.stem.convs.0", x, kOne);
  for (std::int64_t j = 0; j < spec_.conv_per_stage[s]; ++j) {
    const Kernel3& stride = j == 0 ? spec_.strides[s] : kOne;
    x = residual ? residual_block(fmt::format("encoder.stages.{}.blocks.{}", s, j), x, stride)
                 : block(fmt::format("encoder.stages.{}.0.convs.{}", s, j), x, stride);
  }
  return x;
}

std::vector<at::Tensor> TorchNetwork::forward(const at::Tensor& input) const {
  at::Tensor x = bfloat16_ ? input.to(at::kBFloat16) : input;
  std::vector<at::Tensor> skips;
  const auto stages = static_cast<std::size_t>(spec_.stages());
  for (std::size_t s = 0; s < stages; ++s) {
    x = encoder_stage(s, x);
    skips.push_back(x);
  }
  std::vector<at::Tensor> logits;
  for (std::size_t s = 0; s + 1 < stages; ++s) {
    const std::string up = fmt::format("decoder.transpconvs.{}", s);
    // LibTorch 1.13 has no bfloat16 transposed convolution on the CPU.
    const at::Tensor bias = spec_.conv_bias ? parameter(up + ".bias") : at::Tensor();
    const at::Tensor upsampled = at::conv_transpose3d(x.to(at::kFloat), parameter(up + ".weight"), bias,
                                                      spec_.strides[stages - 1 - s]);
    x = at::cat(std::vector<at::Tensor>{upsampled.to(x.scalar_type()), skips[stages - 2 - s]}, 1);
    for (std::int64_t j = 0; j < spec_.conv_per_stage_decoder[s]; ++j) {
      x = block(fmt::format("decoder.stages.{}.convs.{}", s, j), x, kOne);
    }
    const std::string head = fmt::format("decoder.seg_layers.{}", s);
    logits.push_back(
        at::conv3d(x, as_computed(head + ".weight"), as_computed(head + ".bias")).to(at::kFloat));
  }
  std::reverse(logits.begin(), logits.end());
  return logits;
}

Weights TorchNetwork::weights() const {
  Weights weights;
  for (const auto& [name, parameter] : parameters_) {
    const at::Tensor flat = parameter.detach().contiguous();
    const float* values = flat.data_ptr<float>();
    weights[name] = {parameter.sizes().vec(), std::vector<float>(values, values + flat.numel())};
  }
  return weights;
}

void TorchNetwork::set_weights(const Weights& weights) {
  const at::NoGradGuard no_gradients;
  for (auto& [name, parameter] : parameters_) {
    const auto found = weights.find(name);
    if (found == weights.end() || at::IntArrayRef(found->second.shape) != parameter.sizes()) {
      throw Error(
          ErrorCode::kInvalidInput,
          fmt::format("The weights do not fit the plan: {} is {}; use the weights of a model with this plan.",
                      name, found == weights.end() ? "not there" : "of another shape"));
    }
    std::copy(found->second.values.begin(), found->second.values.end(), parameter.data_ptr<float>());
  }
}

}  // namespace hepar
