// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn_torch/dropout.h"

namespace hepar {

at::Tensor dropout_factors(const DropoutDraw& draw, std::uint64_t layer, std::int64_t channels,
                           double share) {
  at::Tensor factors = at::empty({static_cast<std::int64_t>(draw.samples.size()), channels, 1, 1, 1});
  float* value = factors.data_ptr<float>();
  for (const Random& sample : draw.samples) {
    Random random = sample.fork(layer);
    for (std::int64_t c = 0; c < channels; ++c)
      *value++ = random.chance(share) ? 0.0F : static_cast<float>(1 / (1 - share));
  }
  return factors;
}

}  // namespace hepar
