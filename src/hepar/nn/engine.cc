// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn/engine.h"

#include <fmt/format.h>

#include <string_view>

#include "hepar/core/error.h"

namespace hepar {

void check_input(const NetworkSpec& spec, const TensorShape& shape) {
  const Kernel3 divisor = spec.size_divisor();
  const bool fits = shape.n >= 1 && shape.c == spec.input_channels && shape.d >= 1 && shape.h >= 1 &&
                    shape.w >= 1 && shape.d % divisor[0] == 0 && shape.h % divisor[1] == 0 &&
                    shape.w % divisor[2] == 0;
  if (fits) return;
  throw Error(
      ErrorCode::kInvalidInput,
      fmt::format(
          "the network's input is {} x {} x {} x {} x {}; it must have {} channels and sizes that are "
          "multiples of {}, {} and {}",
          shape.n, shape.c, shape.d, shape.h, shape.w, spec.input_channels, divisor[0], divisor[1],
          divisor[2]));
}

void add_zero_biases(const NetworkSpec& spec, Weights& weights) {
  constexpr std::string_view kSuffix = ".weight";
  for (const auto& [name, shape] : parameters_of(spec)) {
    if (shape.size() != 5) continue;
    const std::int64_t outputs = name.starts_with("decoder.transpconvs") ? shape[1] : shape[0];
    const std::string bias = name.substr(0, name.size() - kSuffix.size()) + ".bias";
    weights.try_emplace(bias, NamedTensor{{outputs}, std::vector<float>(static_cast<std::size_t>(outputs))});
  }
}

}  // namespace hepar
