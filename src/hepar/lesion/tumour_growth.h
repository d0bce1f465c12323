// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hepar/lesion/lesion_filter.h"

namespace hepar {

// What morphology did to the tumour label.
struct TumourGrowth {
  std::int64_t added_voxels = 0;
  Mask opened;  // 1 where the opening took a voxel that was tumour before; empty without opening
};

// "Expansion and corrosion" (Lin et al. 2024): closes, opens and expands label 2 of `labels` by balls in mm.
// What it gains was background or liver, never cyst; what the opening takes becomes liver, or background in a
// map without.
TumourGrowth grow_tumour(LabelMap& labels, const LesionFilterOptions& options, bool has_liver);

}  // namespace hepar
