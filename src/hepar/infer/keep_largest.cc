// SPDX-License-Identifier: Apache-2.0
#include "hepar/infer/keep_largest.h"

#include <algorithm>

#include "hepar/imaging/connected_components.h"

namespace hepar {

void keep_largest_component(WideLabelMap& labels, std::span<const int> kept_labels) {
  Mask mask(labels.geometry());
  std::transform(labels.voxels().begin(), labels.voxels().end(), mask.voxels().begin(), [&](int label) {
    return std::find(kept_labels.begin(), kept_labels.end(), label) != kept_labels.end() ? 1 : 0;
  });
  const ComponentRuns parts = find_components(mask, 1);
  std::int64_t largest = 0;
  for (const Component& part : parts.components) largest = std::max(largest, part.voxels);
  for (const Component& part : parts.components) {
    if (part.voxels == largest) continue;
    for (const VoxelRun& run : parts.runs_of(part))
      std::fill_n(labels.voxels().begin() + run.first, run.length, std::uint16_t{0});
  }
}

}  // namespace hepar
