// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn_torch/torch_network.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "hepar/core/error.h"
#include "hepar/core/random.h"
#include "hepar/nn/model_folder.h"

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

// A view of the values.
at::Tensor as_tensor(const NamedTensor& weight) {
  return at::from_blob(const_cast<float*>(weight.values.data()), weight.shape);
}

}  // namespace

TorchNetwork::TorchNetwork(const NetworkSpec& spec, std::uint64_t seed) : spec_(spec) {
  const Random random(seed);
  std::uint64_t stream = 0;
  for (const ParameterSpec& p : parameters_of(spec)) {
    parameters_[p.name] = initial_value(spec, p, random.fork(stream++)).requires_grad_(true);
  }
}

TorchNetwork::TorchNetwork(const NetworkSpec& spec, const Weights& weights) : spec_(spec) {
  check_weights(spec, weights);
  for (const ParameterSpec& p : parameters_of(spec)) {
    parameters_[p.name] = as_tensor(weights.at(p.name)).clone().requires_grad_(true);
  }
}

void TorchNetwork::move_to(const at::Device& device) {
  for (auto& [name, parameter] : parameters_)
    parameter = parameter.detach().to(device).clone().requires_grad_(true);
}

at::ScalarType TorchNetwork::type() const {
  switch (precision_) {
    case Precision::kBFloat16:
      return at::kBFloat16;
    case Precision::kFloat16:
      return at::kHalf;
    case Precision::kFloat32:
      break;
  }
  return at::kFloat;
}

at::Tensor TorchNetwork::as_computed(const std::string& name) const { return parameter(name).to(type()); }

at::Tensor TorchNetwork::bias_as_computed(const std::string& name) const {
  return parameters_.contains(name + ".bias") ? as_computed(name + ".bias") : at::Tensor();
}

at::Tensor TorchNetwork::convolve(const std::string& name, const at::Tensor& input,
                                  const Kernel3& stride) const {
  const at::Tensor weight = as_computed(name + ".conv.weight");
  // cuDNN's kernels for tensor cores take the channels last.
  const at::Tensor x = input.is_cuda() ? input.contiguous(at::MemoryFormat::ChannelsLast3d) : input;
  return at::conv3d(x, weight, bias_as_computed(name + ".conv"), stride, same_padding(weight.sizes()));
}

at::Tensor TorchNetwork::drop(const at::Tensor& x, Pass& pass) const {
  if (pass.dropout == nullptr || spec_.dropout.value_or(0) <= 0) return x;
  return x * dropout_factors(*pass.dropout, pass.layer++, x.size(1), *spec_.dropout).to(x.options());
}

at::Tensor TorchNetwork::normalise(const std::string& name, const at::Tensor& x) const {
  return at::instance_norm(x, parameter(name + ".norm.weight"), parameter(name + ".norm.bias"), {}, {}, true,
                           0.1, spec_.norm_eps, false);
}

at::Tensor TorchNetwork::block(const std::string& name, const at::Tensor& input, const Kernel3& stride,
                               Pass& pass) const {
  return at::leaky_relu(normalise(name, drop(convolve(name, input, stride), pass)), spec_.leaky_slope);
}

at::Tensor TorchNetwork::residual_block(const std::string& name, const at::Tensor& input,
                                        const Kernel3& stride, Pass& pass) const {
  const at::Tensor first = block(name + ".conv1", input, stride, pass);
  const at::Tensor x = normalise(name + ".conv2", convolve(name + ".conv2", first, kOne));
  const bool strided = stride != kOne;
  at::Tensor skip = input;
  if (strided) skip = at::avg_pool3d(input.to(type_for_few()), stride, stride).to(type());
  const std::string projection = name + (strided ? ".skip.1" : ".skip.0");
  if (parameters_.contains(projection + ".conv.weight"))
    skip = normalise(projection, convolve(projection, skip, kOne));
  return at::leaky_relu(x + skip, spec_.leaky_slope);
}

at::Tensor TorchNetwork::encoder_stage(std::size_t s, at::Tensor x, Pass& pass) const {
  const bool residual = spec_.network_class == NetworkClass::kResidualEncoderUNet;
  if (residual && s == 0) x = block("encoder.stem.convs.0", x, kOne, pass);
  for (std::int64_t j = 0; j < spec_.conv_per_stage[s]; ++j) {
    const Kernel3& stride = j == 0 ? spec_.strides[s] : kOne;
    x = residual ? residual_block(fmt::format("encoder.stages.{}.blocks.{}", s, j), x, stride, pass)
                 : block(fmt::format("encoder.stages.{}.0.convs.{}", s, j), x, stride, pass);
  }
  return x;
}

at::Tensor TorchNetwork::upsample(std::size_t s, const at::Tensor& x) const {
  const std::string up = fmt::format("decoder.transpconvs.{}", s);
  const at::Tensor bias = spec_.conv_bias ? parameter(up + ".bias").to(type_for_few()) : at::Tensor();
  return at::conv_transpose3d(x.to(type_for_few()), parameter(up + ".weight").to(type_for_few()), bias,
                              spec_.strides[spec_.strides.size() - 1 - s])
      .to(type());
}

at::Tensor TorchNetwork::head(std::size_t s, const at::Tensor& x) const {
  const std::string name = fmt::format("decoder.seg_layers.{}", s);
  return at::conv3d(x, as_computed(name + ".weight"), as_computed(name + ".bias")).to(at::kFloat);
}

std::vector<at::Tensor> TorchNetwork::forward(const at::Tensor& input, const DropoutDraw* dropout) const {
  HEPAR_EXPECT(dropout == nullptr || static_cast<std::int64_t>(dropout->samples.size()) == input.size(0),
               "not one stream of random numbers for each sample");
  Pass pass{dropout};
  at::Tensor x = input.to(device(), type());
  std::vector<at::Tensor> skips;
  const auto stages = static_cast<std::size_t>(spec_.stages());
  for (std::size_t s = 0; s < stages; ++s) {
    x = encoder_stage(s, x, pass);
    if (s + 1 < stages) skips.push_back(x);
  }
  std::vector<at::Tensor> logits;
  for (std::size_t s = 0; s + 1 < stages; ++s) {
    x = at::cat(std::vector<at::Tensor>{upsample(s, x), skips.back()}, 1);
    skips.pop_back();
    for (std::int64_t j = 0; j < spec_.conv_per_stage_decoder[s]; ++j) {
      x = block(fmt::format("decoder.stages.{}.convs.{}", s, j), x, kOne, pass);
    }
    logits.push_back(head(s, x));
  }
  std::reverse(logits.begin(), logits.end());
  return logits;
}

Weights TorchNetwork::weights() const {
  Weights weights;
  for (const auto& [name, parameter] : parameters_) {
    const at::Tensor flat = parameter.detach().cpu().contiguous();
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
    parameter.copy_(as_tensor(found->second));
  }
}

}  // namespace hepar
