// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "hepar/volume/volume.h"

namespace hepar {

// Of all voxels with one of these labels, taken together, the largest connected part (26 neighbours) stays,
// every one of them when several are largest; the others become 0. Voxels of other labels stay.
// nnunetv2/postprocessing/remove_connected_components.py,
// remove_all_but_largest_component_from_segmentation.
void keep_largest_component(WideLabelMap& labels, std::span<const int> kept_labels);

}  // namespace hepar
