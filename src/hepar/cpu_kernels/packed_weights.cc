// SPDX-License-Identifier: Apache-2.0
#include "hepar/cpu_kernels/packed_weights.h"

#include <algorithm>

#include "hepar/core/parallel.h"
#include "hepar/cpu_kernels/instruction_set.h"

namespace hepar::cpu {

PackedWeights::PackedWeights(const Shape& shape, std::span<const float> bias,
                             const std::function<float(const Place&)>& weight)
    : shape_(shape),
      block_(channel_block()),
      bias_(bias.begin(), bias.end()),
      values_(make_aligned(shape.outputs * shape.outer * shape.inner * shape.lanes)) {
  bias_.resize(static_cast<std::size_t>(shape.outputs), 0.0f);
  parallel_for(pairs(), [&](std::int64_t pair) {
    const std::int64_t width = blocks_of(pair) * block_;
    float* target = values_.get() + (at(pair, 0) - values_.get());
    Place place{};
    for (place.outer = 0; place.outer < shape.outer; ++place.outer)
      for (place.inner = 0; place.inner < shape.inner; ++place.inner)
        for (place.lane = 0; place.lane < shape.lanes; ++place.lane)
          for (std::int64_t n = 0; n < width; ++n) {
            place.output = pair * 2 * block_ + n;
            *target++ = weight(place);
          }
  });
}

std::int64_t PackedWeights::blocks_of(std::int64_t pair) const {
  return std::min<std::int64_t>(2, shape_.outputs / block_ - 2 * pair);
}

}  // namespace hepar::cpu
