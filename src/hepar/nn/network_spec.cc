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

void add_layer(std::vector<ParameterSpec>& list, const std::string& name,
               std::vector<std::int64_t> weight_shape, std::int64_t bias_size) {
  list.push_back({name + ".weight", std::move(weight_shape)});
  list.push_back({name + ".bias", {bias_size}});
}

// The blocks of one stage; `prefix` ends before ".convs".
void add_blocks(std::vector<ParameterSpec>& list, const std::string& prefix, std::int64_t blocks,
                std::int64_t in, std::int64_t out, const Kernel3& kernel) {
  for (std::int64_t j = 0; j < blocks; ++j) {
    const std::string block = fmt::format("{}.convs.{}", prefix, j);
    add_layer(list, block + ".conv", {out, j == 0 ? in : out, kernel[0], kernel[1], kernel[2]}, out);
    add_layer(list, block + ".norm", {out}, out);
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
  std::vector<ParameterSpec> list;
  const auto stages = static_cast<std::size_t>(spec.stages());
  const auto& features = spec.features_per_stage;
  for (std::size_t i = 0; i < stages; ++i) {
    add_blocks(list, fmt::format("encoder.stages.{}.0", i), spec.conv_per_stage[i],
               i == 0 ? spec.input_channels : features[i - 1], features[i], spec.kernel_sizes[i]);
  }
  for (std::size_t s = 0; s + 1 < stages; ++s) {
    const std::size_t below = stages - 1 - s, skip = below - 1;
    const Kernel3& stride = spec.strides[below];
    add_layer(list, fmt::format("decoder.transpconvs.{}", s),
              {features[below], features[skip], stride[0], stride[1], stride[2]}, features[skip]);
    add_blocks(list, fmt::format("decoder.stages.{}", s), spec.conv_per_stage_decoder[s], 2 * features[skip],
               features[skip], spec.kernel_sizes[skip]);
    add_layer(list, fmt::format("decoder.seg_layers.{}", s), {spec.heads, features[skip], 1, 1, 1},
              spec.heads);
  }
  return list;
}

}  // namespace hepar
