// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn/network_spec.h"

#include <fmt/format.h>

#include "hepar/core/error.h"

namespace hepar {
namespace {

void require(bool condition, const std::string& text) {
  if (!condition) throw Error(ErrorCode::kInvalidInput, "the network description is wrong: " + text);
}

// Bounds far above any real network; they keep all products of sizes inside 64 bits.
constexpr std::int64_t kMaxFeatures = 1 << 16, kMaxKernel = 31, kMaxStride = 16, kMaxBlocks = 64,
                       kMaxStages = 16;

void require_range(std::int64_t value, std::int64_t low, std::int64_t high, const char* what) {
  require(value >= low && value <= high, fmt::format("{} is {}, not in [{}, {}]", what, value, low, high));
}

void require_length(std::size_t length, std::int64_t wanted, const char* what) {
  require(static_cast<std::int64_t>(length) == wanted,
          fmt::format("{} has {} entries, {} are needed", what, length, wanted));
}

void check(const NetworkSpec& spec) {
  const std::int64_t stages = spec.stages();
  require_range(stages, 2, kMaxStages, "the number of stages");
  require_length(spec.kernel_sizes.size(), stages, "kernel_sizes");
  require_length(spec.strides.size(), stages, "strides");
  require_length(spec.conv_per_stage.size(), stages, "n_conv_per_stage");
  require_length(spec.conv_per_stage_decoder.size(), stages - 1, "n_conv_per_stage_decoder");
  require_range(spec.input_channels, 1, kMaxFeatures, "the number of input channels");
  require_range(spec.heads, 1, kMaxFeatures, "the number of heads");
  for (const auto features : spec.features_per_stage)
    require_range(features, 1, kMaxFeatures, "a feature count");
  for (const auto& kernel : spec.kernel_sizes) {
    for (const auto size : kernel) {
      require_range(size, 1, kMaxKernel, "a kernel size");
      require(size % 2 == 1, fmt::format("kernel size {} is even", size));
    }
  }
  for (const auto& stride : spec.strides) {
    for (const auto step : stride) require_range(step, 1, kMaxStride, "a stride");
  }
  require(spec.strides.front() == Kernel3{1, 1, 1}, "the first stage has a stride other than 1");
  for (const auto blocks : spec.conv_per_stage) require_range(blocks, 1, kMaxBlocks, "n_conv_per_stage");
  for (const auto blocks : spec.conv_per_stage_decoder)
    require_range(blocks, 1, kMaxBlocks, "n_conv_per_stage_decoder");
  require(spec.norm_eps > 0 && spec.norm_eps < 1, fmt::format("eps of the norm is {}", spec.norm_eps));
  require(spec.leaky_slope >= 0 && spec.leaky_slope < 1,
          fmt::format("the leaky slope is {}", spec.leaky_slope));
}

using Shape = std::vector<std::int64_t>;
using ParameterList = std::vector<ParameterSpec>;

Shape convolution_shape(std::int64_t out, std::int64_t in, const Kernel3& kernel) {
  return {out, in, kernel[0], kernel[1], kernel[2]};
}

void add_convolution(ParameterList& list, const std::string& name, Shape shape) {
  list.push_back({name + ".weight", std::move(shape)});
}

void add_bias(ParameterList& list, const std::string& name, std::int64_t outputs) {
  list.push_back({name + ".bias", {outputs}});
}

// A convolution and the norm after it.
void add_block(ParameterList& list, const std::string& name, const Shape& shape, bool has_bias) {
  add_convolution(list, name + ".conv", shape);
  if (has_bias) add_bias(list, name + ".conv", shape[0]);
  list.push_back({name + ".norm.weight", {shape[0]}});
  add_bias(list, name + ".norm", shape[0]);
}

// The conv blocks of one stage; `prefix` ends before ".convs".
void add_blocks(ParameterList& list, const std::string& prefix, std::int64_t blocks, const Shape& first,
                bool has_bias) {
  Shape shape = first;
  for (std::int64_t j = 0; j < blocks; ++j) {
    add_block(list, fmt::format("{}.convs.{}", prefix, j), shape, has_bias);
    shape[1] = shape[0];
  }
}

// The residual blocks of encoder stage i.
void add_residual_blocks(ParameterList& list, const NetworkSpec& spec, std::size_t i) {
  const std::int64_t out = spec.features_per_stage[i];
  std::int64_t in = spec.features_per_stage[i == 0 ? 0 : i - 1];
  const int index_after_pooling = spec.strides[i] == Kernel3{1, 1, 1} ? 0 : 1;
  for (std::int64_t b = 0; b < spec.conv_per_stage[i]; ++b) {
    const std::string block = fmt::format("encoder.stages.{}.blocks.{}", i, b);
    add_block(list, block + ".conv1", convolution_shape(out, in, spec.kernel_sizes[i]), spec.conv_bias);
    add_block(list, block + ".conv2", convolution_shape(out, out, spec.kernel_sizes[i]), spec.conv_bias);
    if (in != out) {
      add_block(list, fmt::format("{}.skip.{}", block, index_after_pooling),
                convolution_shape(out, in, {1, 1, 1}), false);
    }
    in = out;
  }
}

void add_encoder(ParameterList& list, const NetworkSpec& spec) {
  const auto& features = spec.features_per_stage;
  const bool residual = spec.network_class == NetworkClass::kResidualEncoderUNet;
  if (residual) {
    add_blocks(list, "encoder.stem", 1,
               convolution_shape(features[0], spec.input_channels, spec.kernel_sizes[0]), spec.conv_bias);
  }
  for (std::size_t i = 0; i < features.size(); ++i) {
    if (residual) {
      add_residual_blocks(list, spec, i);
      continue;
    }
    const std::int64_t in = i == 0 ? spec.input_channels : features[i - 1];
    add_blocks(list, fmt::format("encoder.stages.{}.0", i), spec.conv_per_stage[i],
               convolution_shape(features[i], in, spec.kernel_sizes[i]), spec.conv_bias);
  }
}

}  // namespace

Kernel3 NetworkSpec::size_divisor() const {
  Kernel3 divisor{1, 1, 1};
  for (const auto& stride : strides) {
    for (std::size_t axis = 0; axis < 3; ++axis) divisor[axis] *= stride[axis];
  }
  return divisor;
}

std::vector<ParameterSpec> parameters_of(const NetworkSpec& spec) {
  check(spec);
  ParameterList list;
  add_encoder(list, spec);
  const auto stages = static_cast<std::size_t>(spec.stages());
  const auto& features = spec.features_per_stage;
  for (std::size_t s = 0; s + 1 < stages; ++s) {
    const std::size_t below = stages - 1 - s, skip = below - 1;
    const std::string up = fmt::format("decoder.transpconvs.{}", s);
    add_convolution(list, up, convolution_shape(features[below], features[skip], spec.strides[below]));
    if (spec.conv_bias) add_bias(list, up, features[skip]);
    add_blocks(list, fmt::format("decoder.stages.{}", s), spec.conv_per_stage_decoder[s],
               convolution_shape(features[skip], 2 * features[skip], spec.kernel_sizes[skip]),
               spec.conv_bias);
    const std::string head = fmt::format("decoder.seg_layers.{}", s);
    add_convolution(list, head, convolution_shape(spec.heads, features[skip], {1, 1, 1}));
    add_bias(list, head, spec.heads);
  }
  return list;
}

}  // namespace hepar
