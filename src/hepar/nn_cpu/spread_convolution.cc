// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn_cpu/spread_convolution.h"

#include <algorithm>

#include "hepar/cpu_kernels/blocked_maps.h"

namespace hepar::cpu {
namespace {

std::size_t index(std::int64_t n) { return static_cast<std::size_t>(n); }

std::vector<float> padded_copy(const std::vector<float>& values, std::int64_t block) {
  std::vector<float> copy = values;
  copy.resize(index(padded(static_cast<std::int64_t>(values.size()), block)), 0.0f);
  return copy;
}

}  // namespace

std::int64_t InputParts::padded_count() const {
  std::int64_t count = 0;
  for (const auto part : channels) count += padded(part, block);
  return count;
}

SpreadLayer spread_convolution(const NamedTensor& weight, const NamedTensor& bias, const InputParts& inputs,
                               std::int64_t out_block) {
  const std::int64_t outputs = weight.shape[0], in_count = weight.shape[1];
  const std::int64_t taps = weight.shape[2] * weight.shape[3] * weight.shape[4];
  const std::int64_t wide = inputs.padded_count();
  SpreadLayer layer{std::vector<float>(index(padded(outputs, out_block) * wide * taps), 0.0f),
                    padded_copy(bias.values, out_block)};
  for (std::int64_t out = 0; out < outputs; ++out) {
    const float* source = weight.values.data() + out * in_count * taps;
    float* target = layer.weight.data() + out * wide * taps;
    for (const auto part : inputs.channels) {
      std::copy_n(source, part * taps, target);
      source += part * taps;
      target += padded(part, inputs.block) * taps;
    }
  }
  return layer;
}

}  // namespace hepar::cpu
