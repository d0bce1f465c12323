// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hepar/lesion/cyst_model.h"
#include "hepar/lesion/gaussian_fit.h"
#include "hepar/lesion/gaussian_pair.h"
#include "hepar/lesion/region_evidence.h"
#include "hepar/numeric/histogram.h"
#include "hepar/volume/volume.h"

namespace hepar {

enum class Verdict {
  kCalledTumour,
  kCalledCyst,  // becomes label 3
  kDoubtful,    // may be a cyst, but can't be told for sure; stays label 2
  kOpened,      // voxels that the opening took from the tumour; they become liver
};
std::string_view verdict_name(Verdict verdict);  // "tumour", "cyst", "doubtful", "opened"

// What a reader should know about a region. Under the evidence rule those of bars_cyst() keep a region in the
// tumour whatever its probability.
enum class LesionFlag {
  kSmall,            // too small to tell: see too_small()
  kFitFailed,        // no curve could be fitted to the histogram
  kPoorFit,          // the curve does not stand for the region: covers_region() is false
  kNearThreshold,    // |M - threshold| < kNearThresholdHu
  kWide,             // std_hu > kWideHu
  kUnenhancedLiver,  // LiverReference::unenhanced
  kNoLiver,          // the map holds no liver: soft tissue around the lesions stood in for it
  kRim,              // the dark part ends well inside the contour, or a shell is brighter than the liver
  kRimUnseen,        // small, and not an evident cyst: rim_may_be_unseen()
  kIrregular,        // roundness far below that of a cyst
  kUneven,           // blocks of the interior differ by more than noise
  kHighCore,         // the core may lie above core_ceiling_hu(), at two standard errors
  kBrightPart,       // a part of the region is bright, and was not split off
  kDense,            // calcification, Lipiodol, metal
  kGas,              // gas or fat
  kTouching,         // split from a tumour's side
  kNearTumour,       // a tumour lies within kNearTumourMm
  kEqualValues,      // all voxels hold the same HU: not a measurement
  kClipped,          // many voxels share the largest value, 1000 HU or more: the CT was cut off there
  kPadding,          // values of -1000 HU or less in the region
  kImplausible,      // the median is that of air, or of bone or metal: not in the liver
};
std::string_view flag_name(LesionFlag flag);  // "small", "fit_failed", "poor_fit", ...
bool bars_cyst(LesionFlag flag);

inline constexpr double kNearThresholdHu = 10;
// Half tumour (91 +- 23 HU) and half cyst (17 +- 22 HU) of the paper make an SD of
// sqrt(22.5^2 + 37^2) = 43 HU; one tissue has 22 to 23.
inline constexpr double kWideHu = 40;
// A dark region so near to one that was called tumour may be part of it; a part split from a tumour's side is
// not asked.
inline constexpr double kNearTumourMm = 3;

// HU below which so many percent of a region's voxels lie.
inline constexpr std::array<double, 5> kReportedPercentiles{0.5, 5, 50, 95, 99.5};

// One judged region: a connected region of the tumour label, or a part of one that was split.
struct LesionRegion {
  int id = 0;         // 1.., by first voxel of the connected region, i fastest; parts follow each other
  int component = 0;  // 1.., the connected region it belongs to; parts of a split one share it
  bool is_part = false;
  std::int64_t voxels = 0;
  double volume_ml = 0;
  Vec3 centroid_lps_mm;
  Box3 bounds;
  std::optional<UnitHistogram> histogram;  // of all its voxels
  GaussianFit fit;
  std::optional<GaussianFit> interior_fit;
  std::optional<GaussianPair> interior_pair;  // two tissues against one; informs, decides nothing
  std::array<double, kReportedPercentiles.size()> percentiles_hu{};
  float lowest_hu = 0, highest_hu = 0;
  RegionEvidence evidence;
  std::optional<double> probability_cyst;  // empty where the evidence was not weighed
  CystOdds odds;                           // what it is made of
  Verdict verdict = Verdict::kCalledTumour;
  std::string reason;             // in plain words, with the numbers
  std::vector<LesionFlag> flags;  // in the order of the enumeration

  bool has(LesionFlag flag) const;
};

}  // namespace hepar
