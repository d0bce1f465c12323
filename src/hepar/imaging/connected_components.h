// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "hepar/volume/volume.h"

namespace hepar {

// Which voxels touch: those that share a face, also an edge, also a corner.
enum class Connectivity { kFaces6, kEdges18, kCorners26 };

// Neighbouring voxels along i of one component.
struct VoxelRun {
  std::int64_t first = 0;      // offset of the first voxel in Volume::voxels()
  std::int32_t length = 0;     // voxels
  std::int32_t component = 0;  // index in ComponentRuns::components
};

struct Component {
  std::int64_t voxels = 0;
  Box3 bounds;
  Vec3 centroid_index;  // mean index of the voxels
  std::int64_t first_run = 0, run_count = 0;
};

// The components of a label by their runs: all that most work needs, without another volume.
struct ComponentRuns {
  std::vector<Component> components;  // by first voxel, i fastest
  std::vector<VoxelRun> runs;         // by component, then by offset
  std::span<const VoxelRun> runs_of(const Component& component) const {
    return std::span(runs).subspan(static_cast<std::size_t>(component.first_run),
                                   static_cast<std::size_t>(component.run_count));
  }
};

// Splits the voxels of one value into maximal connected parts. Reads the map once at memory speed, then
// joins the runs of neighbouring rows: O(runs) time and memory. Union-find over runs: Rosenfeld & Pfaltz,
// J. ACM 13(4):471, 1966. Throws Error(kUnsupported) beyond 2^31 - 1 runs.
ComponentRuns find_components(const LabelMap& labels, std::uint8_t value,
                              Connectivity connectivity = Connectivity::kCorners26);

// The components as a label volume on `geometry`: 0 outside, n + 1 in components[n].
Volume<std::int32_t> paint_components(const ComponentRuns& found, const Geometry& geometry);

}  // namespace hepar
