// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <vector>

#include "hepar/volume/volume.h"

namespace hepar {

// nnU-Net's postprocessing.json: each entry keeps the largest connected component of the union of some
// labels (nnunetv2/postprocessing/remove_connected_components.py).
struct Postprocessing {
  std::vector<std::vector<int>> keep_largest_of;  // in order
};

// Error(kUnsupported) names a function other than remove_all_but_largest_component_from_segmentation.
Postprocessing read_postprocessing(const std::filesystem::path& postprocessing_json);

void postprocess(WideLabelMap& labels, const Postprocessing& postprocessing);

}  // namespace hepar
