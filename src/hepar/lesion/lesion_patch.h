// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "hepar/imaging/connected_components.h"
#include "hepar/volume/volume.h"

namespace hepar {

// What a voxel near a lesion is.
enum class Tissue : std::uint8_t { kOutside, kParenchyma, kOwn, kOtherLesion };

// One region and what lies around it, cut out of the volumes with the slice axis (slice_axis()) last; i is
// the fastest axis of the patch.
struct LesionPatch {
  Int3 size;
  Vec3 spacing_mm;
  std::vector<float> hu;       // -1024 where the CT holds no number
  std::vector<Tissue> tissue;  // one per voxel
  Box3 box;                    // the patch in the volume
  std::array<int, 3> axis{};   // the patch's axes are these axes of the volume

  std::size_t offset(Int3 at) const {
    return static_cast<std::size_t>(at.i + size.i * (at.j + size.j * at.k));
  }
  // Index in the volume of a place in the patch.
  Int3 volume_index(Int3 at) const;
};

struct PatchOptions {
  double margin_mm = 6;      // on every side, less at the border of the volume
  bool liver_by_hu = false;  // background of kSoftestLiverHu to kDensestLiverHu counts as liver
};
// What a map without liver leaves to guess: soft tissue, neither fat nor bone nor bright vessels.
inline constexpr float kSoftestLiverHu = 0, kDensestLiverHu = 200;

// The patch of the region that `runs` hold. Label 1 is liver; 2 and 3 outside the region are other lesions.
LesionPatch cut_patch(const CtVolume& ct, const LabelMap& labels, std::span<const VoxelRun> runs,
                      const Box3& bounds, const PatchOptions& options);

}  // namespace hepar
