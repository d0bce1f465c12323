// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "hepar/volume/volume.h"

namespace hepar {

// How much of each label a map of 0 to 3 holds, by one pass at memory speed.
struct LabelCensus {
  std::int64_t liver_voxels = 0, cyst_voxels = 0;
  std::uint8_t largest = 0;                // the largest value of the map
  std::vector<std::int32_t> liver_in_row;  // liver voxels of row j + size.j * k
};
LabelCensus take_census(const LabelMap& labels);

// The patient's own liver, which tells whether a fixed HU threshold applies.
struct LiverReference {
  std::int64_t voxels = 0;          // label 1
  std::optional<double> median_hu;  // to 1 HU, robust against vessels; empty below kLeastLiverVoxels
  bool unenhanced = false;          // median_hu <= kUnenhancedLiverHu
};

// With fewer voxels the median of noisy parenchyma (SD 25 HU) is uncertain by over 3 HU: 1.25 * 25 / 10.
inline constexpr std::int64_t kLeastLiverVoxels = 100;

// At or below it the scan is unenhanced or weakly enhanced; portal-venous livers measure 85 and more.
// Unenhanced livers measure 58.8 +- 10.8 HU (Boyce et al., AJR 194:623, 2010) and rise by 56 +- 14 HU
// in the portal phase, in cirrhosis by 40 +- 12 (Naruo et al., Radiat. Med. 25:50, 2007).
inline constexpr double kUnenhancedLiverHu = 75;

// The median over the liver's voxels, in large livers over every n-th row that holds liver so that about
// a million voxels are read. Values outside [-1024, 3071] HU do not count.
LiverReference measure_liver(const CtVolume& ct, const LabelMap& labels, const LabelCensus& census);

}  // namespace hepar
