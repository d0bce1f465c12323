// SPDX-License-Identifier: Apache-2.0
#include "hepar/metrics/overlap.h"

#include "hepar/core/error.h"

namespace hepar {

std::optional<double> dice(const Mask& a, const Mask& b) {
  HEPAR_EXPECT(a.size() == b.size(), "Dice needs masks of one size");
  std::int64_t sum = 0, common = 0;
  for (std::size_t n = 0; n < a.voxels().size(); ++n) {
    const bool in_a = a.voxels()[n] != 0, in_b = b.voxels()[n] != 0;
    sum += in_a + in_b;
    common += in_a && in_b;
  }
  if (sum == 0) return std::nullopt;
  return 2.0 * static_cast<double>(common) / static_cast<double>(sum);
}

}  // namespace hepar
