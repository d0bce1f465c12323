// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "hepar/imaging/connected_components.h"
#include "hepar/lesion/calibration.h"
#include "hepar/lesion/lesion_region.h"
#include "hepar/lesion/liver_reference.h"
#include "hepar/volume/volume.h"

namespace hepar {

enum class LesionRule {
  kPaper,     // fitted mean below the threshold: cyst; Lin et al. 2024, section 2.5
  kEvidence,  // a confident cyst by all that was measured: docs/lesions.md
};
std::string_view rule_name(LesionRule rule);  // "paper", "evidence"

struct LesionFilterOptions {
  LesionRule rule = LesionRule::kEvidence;
  double threshold_hu = 45;   // of the paper's rule
  SiteThresholds thresholds;  // of the evidence rule
  // Radii of balls in mm, 0: none. First the tumour is closed, then opened, then expanded.
  double close_mm = 0, open_mm = 0, expand_mm = 0;
  bool grow_in_liver_only = false;                       // closing and expansion take liver, not background
  Connectivity connectivity = Connectivity::kCorners26;  // what makes one region

  // All that is wrong with the values, one sentence each.
  std::vector<std::string> problems() const;
};

struct LesionFilterResult {
  LesionFilterOptions options;
  // As found, before closing and expansion; then what the opening took.
  std::vector<LesionRegion> regions;
  LiverReference liver;
  std::vector<std::string> notes;  // what the user should know beside the regions
};

// Parts cysts from tumours. Every connected region of label 2 is measured and judged by the rule; what is
// called cyst becomes label 3. Under the evidence rule a cyst that touches a tumour is split off first. Then
// the tumour is closed, opened and expanded into background and liver, never into cysts. Each voxel of label
// 2 ends as 2, as 3, or, taken by the opening, as liver (background in a map without liver) and in a region
// kOpened; label 3 of the input stays. `labels` is changed in place and holds 0 to 3. O(voxels) at memory
// speed, and the regions' boxes. Throws Error(kInvalidInput) for another grid, another label, bad options, a
// CT value under a region that is not finite, and a CT that is not in HU; `labels` is then unchanged.
LesionFilterResult filter_lesions(const CtVolume& ct, LabelMap& labels,
                                  const LesionFilterOptions& options = {});

}  // namespace hepar
