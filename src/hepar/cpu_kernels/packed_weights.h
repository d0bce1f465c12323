// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "hepar/cpu_kernels/blocked_maps.h"

namespace hepar::cpu {

// Weights in the order in which a TapProduct reads them, for each pair of output blocks (the last one may be
// alone): [pair][outer][inner][lane][output channel of the pair], where `lanes` input channels lie together.
class PackedWeights {
 public:
  struct Shape {
    std::int64_t outputs;  // in whole blocks
    std::int64_t outer, inner, lanes;
  };
  struct Place {
    std::int64_t output, outer, inner, lane;
  };
  // `bias`: one for each output, or fewer where the last ones are padding.
  PackedWeights(const Shape& shape, std::span<const float> bias,
                const std::function<float(const Place&)>& weight);

  std::int64_t pairs() const { return (shape_.outputs / block_ + 1) / 2; }
  std::int64_t blocks_of(std::int64_t pair) const;  // 1 or 2
  // From one `outer` to the next.
  std::int64_t step(std::int64_t pair) const {
    return shape_.inner * shape_.lanes * blocks_of(pair) * block_;
  }
  const float* at(std::int64_t pair, std::int64_t outer) const {
    return values_.get() + pair * 2 * block_ * shape_.outer * shape_.inner * shape_.lanes +
           outer * step(pair);
  }
  const float* bias(std::int64_t pair) const { return bias_.data() + pair * 2 * block_; }

 private:
  Shape shape_;
  std::int64_t block_;
  std::vector<float> bias_;
  AlignedFloats values_;
};

}  // namespace hepar::cpu
