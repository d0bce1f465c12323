// SPDX-License-Identifier: Apache-2.0
#include "hepar/volume/label_counts.h"

namespace hepar {

std::array<std::int64_t, 256> count_labels(const LabelMap& labels) {
  std::array<std::int64_t, 256> counts{};
  for (const std::uint8_t value : labels.voxels()) ++counts[value];
  return counts;
}

}  // namespace hepar
