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

  // The blocks of one stage; `prefix` ends before ".convs". The first block carries the stride.
  Maps run_blocks(Maps maps, const std::string& prefix, std::int64_t blocks, const Kernel3& stride) const {
    for (std::int64_t j = 0; j < blocks; ++j) {
      const std::string block = fmt::format("{}.convs.{}", prefix, j);
      maps = reference::convolve(maps, layer(block + ".conv"), j == 0 ? stride : Kernel3{1, 1, 1});
      reference::normalise_and_activate(maps, layer(block + ".norm"), spec_.norm_eps, spec_.leaky_slope);
    }
    return maps;
  }

  Maps run_sample(Maps maps) const {
    const auto stages = static_cast<std::size_t>(spec_.stages());
    std::vector<Maps> skips;
    for (std::size_t i = 0; i < stages; ++i) {
      maps = run_blocks(std::move(maps), fmt::format("encoder.stages.{}.0", i), spec_.conv_per_stage[i],
                        spec_.strides[i]);
      skips.push_back(maps);
    }
    for (std::size_t s = 0; s + 1 < stages; ++s) {
      maps = reference::upsample(maps, layer(fmt::format("decoder.transpconvs.{}", s)));
      maps = run_blocks(reference::concatenate(maps, skips[stages - 2 - s]),
                        fmt::format("decoder.stages.{}", s), spec_.conv_per_stage_decoder[s], {1, 1, 1});
    }
    return reference::convolve(maps, layer(fmt::format("decoder.seg_layers.{}", stages - 2)), {1, 1, 1});
  }

  NetworkSpec spec_;
  Weights weights_;
};

}  // namespace

std::unique_ptr<Engine> make_reference_engine(const NetworkSpec& spec, const Weights& weights) {
  return std::make_unique<ReferenceEngine>(spec, weights);
}

}  // namespace hepar
