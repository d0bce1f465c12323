// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn_torch/torch_network.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "hepar/core/error.h"
#include "hepar/core/random.h"
#include "hepar/nn/model_folder.h"
#ifdef HEPAR_TRAINING_KERNELS
#include "hepar/nn_torch/blocked_ops.h"
#endif

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

#ifdef HEPAR_TRAINING_KERNELS
bool TorchNetwork::has_own_kernels() { return true; }
#else
bool TorchNetwork::has_own_kernels() { return false; }
#endif

void TorchNetwork::use_own_kernels(bool use) {
  if (use && !has_own_kernels()) {
    throw Error(ErrorCode::kUnsupported,
                "this build has LibTorch's kernels alone; build it with -DHEPAR_TRAINING_KERNELS=ON");
  }
  own_kernels_ = use;
}

at::ScalarType TorchNetwork::type() const {
  switch (precision_) {
    case Precision::kBFloat16:
      return at::kBFloat16;
    case Precision::kFloat16:
      return at::kHalf;
    case Precision::kFloat64:
      return at::kDouble;
    case Precision::kFloat32:
      break;
  }
  return at::kFloat;
}

at::Tensor TorchNetwork::as_computed(const std::string& name) const { return parameter(name).to(type()); }

at::Tensor TorchNetwork::bias_as_computed(const std::string& name) const {
  return parameters_.contains(name + ".bias") ? as_computed(name + ".bias") : at::Tensor();
}

at::Tensor TorchNetwork::begin(const at::Tensor& input) const {
  const at::Tensor x = input.to(device(), type());
#ifdef HEPAR_TRAINING_KERNELS
  if (in_blocks()) return blocked::block(x);
#endif
  return x;
}

at::Tensor TorchNetwork::convolve(const std::string& name, const Inputs& inputs,
                                  const Kernel3& stride) const {
  const at::Tensor weight = as_computed(name + ".conv.weight"), bias = bias_as_computed(name + ".conv");
#ifdef HEPAR_TRAINING_KERNELS
  if (in_blocks()) {
    blocked::ConvolutionInput input{inputs[0]};
    if (inputs.size() > 1) {
      input.second = inputs[1];
      input.second_channels = weight.size(1) / 2;  // both the skip's and the upsampled maps' are its stage's
    }
    return blocked::convolve(input, weight, bias, {stride, true});
  }
#endif
  at::Tensor x = inputs.size() > 1 ? at::cat(inputs, 1) : inputs[0];
  // cuDNN's kernels for tensor cores take the channels last.
  if (x.is_cuda()) x = x.contiguous(at::MemoryFormat::ChannelsLast3d);
  return at::conv3d(x, weight, bias, stride, same_padding(weight.sizes()));
}

at::Tensor TorchNetwork::draw_factors(const std::string& name, Pass& pass) const {
  if (pass.dropout == nullptr || spec_.dropout.value_or(0) <= 0) return {};
  const std::int64_t channels = parameter(name + ".norm.weight").numel();
  return dropout_factors(*pass.dropout, pass.layer++, channels, *spec_.dropout);
}

at::Tensor TorchNetwork::normalise(const std::string& name, const at::Tensor& x, const at::Tensor& factors,
                                   double slope) const {
  const at::Tensor &weight = parameter(name + ".norm.weight"), &bias = parameter(name + ".norm.bias");
#ifdef HEPAR_TRAINING_KERNELS
  if (in_blocks()) return blocked::normalise(x, weight, bias, {spec_.norm_eps, slope, factors});
#endif
  const at::Tensor dropped = factors.defined() ? x * factors.to(x.options()) : x;
  const at::ScalarType norm_type = type_of_norms();
  const at::Tensor normed = at::instance_norm(dropped, weight.to(norm_type), bias.to(norm_type), {}, {}, true,
                                              0.1, spec_.norm_eps, false);
  return slope == 1 ? normed : at::leaky_relu(normed, slope);
}

at::Tensor TorchNetwork::pool(const at::Tensor& x, const Kernel3& kernel) const {
#ifdef HEPAR_TRAINING_KERNELS
  if (in_blocks()) return blocked::average_pool(x, kernel);
#endif
  return at::avg_pool3d(x.to(type_for_few()), kernel, kernel).to(type());
}

at::Tensor TorchNetwork::block(const std::string& name, const Inputs& inputs, const Kernel3& stride,
                               Pass& pass) const {
  const at::Tensor x = convolve(name, inputs, stride);
  return normalise(name, x, draw_factors(name, pass), spec_.leaky_slope);
}

at::Tensor TorchNetwork::residual_block(const std::string& name, const at::Tensor& input,
                                        const Kernel3& stride, Pass& pass) const {
  const at::Tensor first = block(name + ".conv1", {input}, stride, pass);
  const at::Tensor x = normalise(name + ".conv2", convolve(name + ".conv2", {first}, kOne), {}, 1);
  const bool strided = stride != kOne;
  at::Tensor skip = strided ? pool(input, stride) : input;
  const std::string projection = name + (strided ? ".skip.1" : ".skip.0");
  if (parameters_.contains(projection + ".conv.weight"))
    skip = normalise(projection, convolve(projection, {skip}, kOne), {}, 1);
  return at::leaky_relu(x + skip, spec_.leaky_slope);
}

at::Tensor TorchNetwork::encoder_stage(std::size_t s, at::Tensor x, Pass& pass) const {
  const bool residual = spec_.network_class == NetworkClass::kResidualEncoderUNet;
  if (residual && s == 0) x = block("encoder.stem.convs.0", {x}, kOne, pass);
  for (std::int64_t j = 0; j < spec_.conv_per_stage[s]; ++j) {
    const Kernel3& stride = j == 0 ? spec_.strides[s] : kOne;
    x = residual ? residual_block(fmt::format("encoder.stages.{}.blocks.{}", s, j), x, stride, pass)
                 : block(fmt::format("encoder.stages.{}.0.convs.{}", s, j), {x}, stride, pass);
  }
  return x;
}

at::Tensor TorchNetwork::upsample(std::size_t s, const at::Tensor& x) const {
  const std::string up = fmt::format("decoder.transpconvs.{}", s);
#ifdef HEPAR_TRAINING_KERNELS
  if (in_blocks()) return blocked::upsample(x, parameter(up + ".weight"), bias_as_computed(up));
#endif
  const at::Tensor bias = spec_.conv_bias ? parameter(up + ".bias").to(type_for_few()) : at::Tensor();
  return at::conv_transpose3d(x.to(type_for_few()), parameter(up + ".weight").to(type_for_few()), bias,
                              spec_.strides[spec_.strides.size() - 1 - s])
      .to(type());
}

at::Tensor TorchNetwork::head(std::size_t s, const at::Tensor& x) const {
  const std::string name = fmt::format("decoder.seg_layers.{}", s);
  const at::Tensor weight = as_computed(name + ".weight"), bias = as_computed(name + ".bias");
#ifdef HEPAR_TRAINING_KERNELS
  if (in_blocks()) return blocked::unblock(blocked::convolve({x}, weight, bias, {}), weight.size(0));
#endif
  return at::conv3d(x, weight, bias).to(at::kFloat);
}

std::vector<at::Tensor> TorchNetwork::forward(const at::Tensor& input, const DropoutDraw* dropout) const {
  HEPAR_EXPECT(dropout == nullptr || static_cast<std::int64_t>(dropout->samples.size()) == input.size(0),
               "not one stream of random numbers for each sample");
  Pass pass{dropout};
  at::Tensor x = begin(input);
  std::vector<at::Tensor> skips;
  const auto stages = static_cast<std::size_t>(spec_.stages());
  for (std::size_t s = 0; s < stages; ++s) {
    x = encoder_stage(s, x, pass);
    if (s + 1 < stages) skips.push_back(x);
  }
  std::vector<at::Tensor> logits;
  for (std::size_t s = 0; s + 1 < stages; ++s) {
    Inputs inputs{upsample(s, x), skips.back()};
    skips.pop_back();
    for (std::int64_t j = 0; j < spec_.conv_per_stage_decoder[s]; ++j) {
      x = block(fmt::format("decoder.stages.{}.convs.{}", s, j), inputs, kOne, pass);
      inputs = {x};
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
