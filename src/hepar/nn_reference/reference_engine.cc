// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn_reference/reference_engine.h"

#include <fmt/format.h>

#include <algorithm>

#include "hepar/nn/model_folder.h"
#include "hepar/nn_reference/reference_layers.h"

namespace hepar {
namespace {
using reference::Affine;
using reference::Maps;

class ReferenceEngine : public Engine {
 public:
  ReferenceEngine(const NetworkSpec& spec, const Weights& weights) : spec_(spec), weights_(weights) {
    check_weights(spec, weights);
    add_zero_biases(spec, weights_);
  }

  Tensor run(const Tensor& input) override {
    check_input(spec_, input.shape);
    TensorShape shape = input.shape;
    shape.c = spec_.heads;
    Tensor logits(shape);
    TensorShape sample_shape = input.shape;
    sample_shape.n = 1;
    auto target = logits.values.begin();
    for (std::int64_t n = 0; n < input.shape.n; ++n) {
      Maps sample(sample_shape);
      std::copy_n(input.values.begin() + n * sample_shape.count(), sample_shape.count(),
                  sample.values.begin());
      const Maps result = run_sample(std::move(sample));
      target = std::transform(result.values.begin(), result.values.end(), target,
                              [](double value) { return static_cast<float>(value); });
    }
    return logits;
  }

 private:
  Affine layer(const std::string& name) const {
    return {weights_.at(name + ".weight"), weights_.at(name + ".bias")};
  }

  Maps convolve_and_normalise(const Maps& in, const std::string& name, const Kernel3& stride) const {
    Maps maps = reference::convolve(in, layer(name + ".conv"), stride);
    reference::normalise(maps, layer(name + ".norm"), spec_.norm_eps);
    return maps;
  }

  Maps run_block(const Maps& in, const std::string& name, const Kernel3& stride) const {
    Maps maps = convolve_and_normalise(in, name, stride);
    reference::activate(maps, spec_.leaky_slope);
    return maps;
  }

  // The conv blocks of one stage; `prefix` ends before ".convs". The first block carries the stride.
  Maps run_blocks(Maps maps, const std::string& prefix, std::int64_t blocks, const Kernel3& stride) const {
    for (std::int64_t j = 0; j < blocks; ++j) {
      maps = run_block(maps, fmt::format("{}.convs.{}", prefix, j), j == 0 ? stride : kOne);
    }
    return maps;
  }

  Maps run_residual_block(const Maps& in, const std::string& name, const Kernel3& stride) const {
    Maps maps = run_block(in, name + ".conv1", stride);
    maps = convolve_and_normalise(maps, name + ".conv2", kOne);
    const bool strided = stride != kOne;
    Maps skip = strided ? reference::average_pool(in, stride) : in;
    const std::string projection = name + (strided ? ".skip.1" : ".skip.0");
    if (weights_.contains(projection + ".conv.weight")) skip = convolve_and_normalise(skip, projection, kOne);
    reference::add(maps, skip);
    reference::activate(maps, spec_.leaky_slope);
    return maps;
  }

  Maps run_encoder_stage(Maps maps, std::size_t i) const {
    if (spec_.network_class == NetworkClass::kPlainConvUNet) {
      return run_blocks(std::move(maps), fmt::format("encoder.stages.{}.0", i), spec_.conv_per_stage[i],
                        spec_.strides[i]);
    }
    if (i == 0) maps = run_block(maps, "encoder.stem.convs.0", kOne);
    for (std::int64_t b = 0; b < spec_.conv_per_stage[i]; ++b) {
      maps = run_residual_block(maps, fmt::format("encoder.stages.{}.blocks.{}", i, b),
                                b == 0 ? spec_.strides[i] : kOne);
    }
    return maps;
  }

  Maps run_sample(Maps maps) const {
    const auto stages = static_cast<std::size_t>(spec_.stages());
    std::vector<Maps> skips;
    for (std::size_t i = 0; i < stages; ++i) {
      maps = run_encoder_stage(std::move(maps), i);
      skips.push_back(maps);
    }
    for (std::size_t s = 0; s + 1 < stages; ++s) {
      maps = reference::upsample(maps, layer(fmt::format("decoder.transpconvs.{}", s)));
      maps = run_blocks(reference::concatenate(maps, skips[stages - 2 - s]),
                        fmt::format("decoder.stages.{}", s), spec_.conv_per_stage_decoder[s], kOne);
    }
    return reference::convolve(maps, layer(fmt::format("decoder.seg_layers.{}", stages - 2)), kOne);
  }

  static constexpr Kernel3 kOne{1, 1, 1};
  NetworkSpec spec_;
  Weights weights_;
};

}  // namespace

std::unique_ptr<Engine> make_reference_engine(const NetworkSpec& spec, const Weights& weights) {
  return std::make_unique<ReferenceEngine>(spec, weights);
}

}  // namespace hepar
