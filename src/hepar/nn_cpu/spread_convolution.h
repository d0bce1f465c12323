// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "hepar/tensors/weights.h"

namespace hepar::cpu {

// A layer's parameters with the channels spread as they lie in memory, zero in the lanes between: weight
// (outputs, inputs, taps), bias (outputs).
struct SpreadLayer {
  std::vector<float> weight;
  std::vector<float> bias;
};

// Where the layer's input channels lie: `channels[n]` of them in the n-th part, each part padded to the
// block. Concatenated maps have two parts.
struct InputParts {
  std::vector<std::int64_t> channels;
  std::int64_t block;  // 1: plain storage
  std::int64_t padded_count() const;
};
// Weights (C_out, C_in, ...) of a convolution, with outputs padded to `out_block`.
SpreadLayer spread_convolution(const NamedTensor& weight, const NamedTensor& bias, const InputParts& inputs,
                               std::int64_t out_block);

}  // namespace hepar::cpu
