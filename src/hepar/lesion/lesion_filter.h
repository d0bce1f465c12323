// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "hepar/imaging/connected_components.h"
#include "hepar/lesion/gaussian_fit.h"
#include "hepar/lesion/liver_reference.h"
#include "hepar/volume/volume.h"

namespace hepar {

struct LesionFilterOptions {
  double threshold_hu = 45;  // a fitted mean below it is a cyst; Lin et al. 2024, section 2.5
  double close_mm = 0;       // radius of the closing of the tumour; 0: none
  double expand_mm = 0;      // radius of its dilation, after the closing; 0: none
  Connectivity connectivity = Connectivity::kCorners26;  // what makes one region

  // All that is wrong with the values, one sentence each.
  std::vector<std::string> problems() const;
};

enum class Verdict {
  kCalledTumour,
  kCalledCyst,  // becomes label 3
  kDoubtful,    // looks like a cyst but can't be judged by its mean; stays label 2
};
std::string_view verdict_name(Verdict verdict);  // "tumour", "cyst", "doubtful"

enum class LesionFlag {
  kSmall,      // fewer than kSmallVoxels
  kFitFailed,  // no curve could be fitted, or it does not stand for the region: covers_region() is false, or
               // the curve's mean is below the threshold while the plain mean of the voxels is not
  kNearThreshold,    // |mean - threshold| < kNearThresholdHu
  kWide,             // std_hu > kWideHu
  kUnenhancedLiver,  // LiverReference::unenhanced: the threshold does not apply
};
std::string_view flag_name(LesionFlag flag);  // "small", "fit_failed", "near_threshold", ...

inline constexpr double kNearThresholdHu = 10;
// From here on fewer than 1 in 20 fits to normal voxels of SD 23 HU (the paper's tumour) miss the mean by
// more than kNearThresholdHu; in 4000 draws: 13 % at 20 voxels, 6 % at 30, 3 % at 40, 1 % at 50.
inline constexpr std::int64_t kSmallVoxels = 40;
// Half tumour (91 +- 23 HU) and half cyst (17 +- 22 HU) of the paper make an SD of
// sqrt(22.5^2 + 37^2) = 43 HU; one tissue has 22 to 23.
inline constexpr double kWideHu = 40;

struct LesionRegion {
  int id = 0;  // 1.., by first voxel, i fastest
  std::int64_t voxels = 0;
  double volume_ml = 0;
  Vec3 centroid_lps_mm;
  Box3 bounds;
  GaussianFit fit;
  Verdict verdict = Verdict::kCalledTumour;
  std::string reason;             // a part sentence with the numbers
  std::vector<LesionFlag> flags;  // in the order of the enumeration
};

struct LesionFilterResult {
  LesionFilterOptions options;
  std::vector<LesionRegion> regions;  // as found, before closing and expansion
  LiverReference liver;
  std::vector<std::string> notes;  // what the user should know beside the regions
};

// The paper's Gaussian filter (Lin et al., Front. Oncol. 14:1423774, 2024). Every connected region of
// label 2 whose fitted mean lies below the threshold becomes label 3; one that is small, badly fitted or
// in an unenhanced liver stays 2 and is doubtful. Then the tumour is closed and expanded into background
// and liver, never into cysts. No voxel of label 2 or 3 becomes 0 or 1; label 3 of the input stays.
// `labels` is changed in place and holds 0 to 3. O(voxels) at memory speed.
// Throws Error(kInvalidInput) for another grid, another label, bad options, or a CT value under a region
// that is not finite; `labels` is then unchanged.
LesionFilterResult filter_lesions(const CtVolume& ct, LabelMap& labels,
                                  const LesionFilterOptions& options = {});

}  // namespace hepar
