// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn/random_network.h"

#include <cmath>
#include <utility>

#include "hepar/core/random.h"

namespace hepar {

NetworkSpec make_plain_spec(std::vector<std::int64_t> features_per_stage, std::int64_t blocks) {
  NetworkSpec spec;
  const std::size_t stages = features_per_stage.size();
  spec.features_per_stage = std::move(features_per_stage);
  spec.kernel_sizes.assign(stages, {3, 3, 3});
  spec.strides.assign(stages, {2, 2, 2});
  spec.strides[0] = {1, 1, 1};
  spec.conv_per_stage.assign(stages, blocks);
  spec.conv_per_stage_decoder.assign(stages - 1, blocks);
  return spec;
}

Weights random_weights(const NetworkSpec& spec, std::uint64_t seed) {
  Weights weights;
  Random random(seed);
  for (const auto& [name, shape] : parameters_of(spec)) {
    std::int64_t count = 1;
    for (const auto size : shape) count *= size;
    const bool is_scale = name.ends_with("norm.weight");
    const double sd =
        shape.size() == 1 ? 0.2 : std::sqrt(2.0 * static_cast<double>(shape[0]) / static_cast<double>(count));
    auto& tensor = weights[name];
    tensor.shape = shape;
    for (std::int64_t n = 0; n < count; ++n) {
      tensor.values.push_back(static_cast<float>(random.normal(is_scale ? 1 : 0, sd)));
    }
  }
  return weights;
}

}  // namespace hepar
