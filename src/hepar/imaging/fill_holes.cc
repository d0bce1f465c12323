// SPDX-License-Identifier: Apache-2.0
#include "hepar/imaging/fill_holes.h"

#include <algorithm>

#include "hepar/imaging/connected_components.h"

namespace hepar {
namespace {

bool reaches_out(const Box3& box, Int3 size) {
  for (int axis = 0; axis < 3; ++axis) {
    if (box.low[axis] == 0 || box.high[axis] == size[axis]) return true;
  }
  return false;
}

}  // namespace

void fill_holes(Mask& mask) {
  const ComponentRuns zeros = find_components(mask, 0, Connectivity::kFaces6);
  for (const Component& component : zeros.components) {
    if (reaches_out(component.bounds, mask.size())) continue;
    for (const VoxelRun& run : zeros.runs_of(component)) {
      std::fill_n(mask.voxels().begin() + run.first, run.length, std::uint8_t{1});
    }
  }
}

}  // namespace hepar
