// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "hepar/volume/volume.h"

namespace hepar {

// One lesion that the picture may show.
struct OverviewLesion {
  int id = 0;
  Vec3 centroid_lps_mm{};
  double volume_ml = 0;
  std::string note;  // shown after the volume, e.g. "cyst, 17 HU"
};

struct OverviewOptions {
  std::string title = "Liver, tumours and cysts";  // top left; an id of ours, never patient data
  std::vector<OverviewLesion> lesions;             // the six largest get a panel each
  const LabelMap* reference = nullptr;             // manual contours of the tumour, if there are any
};

// Writes one PNG that shows a result at a glance: an axial slice through each of the largest lesions, or
// the slice with the most liver when there is none, seen from the feet (patient right on the left) for any
// order of the voxel axes, with square pixels and window -160 to 240 HU (width 400, level 40: the usual
// abdominal window). Outlines: liver (labels 1 to 3 together) thin yellow; tumour `before` the filter green,
// `after` it blue, the reference red, as in Lin et al. 2024, Figure 5; cyst dashed orange.
// The maps hold 0 background, 1 liver, 2 tumour, 3 cyst; without label 1 no liver is drawn.
// Throws Error(kInvalidInput) when a map is not on the grid of `ct`; errors of AtomicFile.
void write_overview_png(const std::filesystem::path& path, const CtVolume& ct, const LabelMap& before,
                        const LabelMap& after, const OverviewOptions& options = {});

}  // namespace hepar
