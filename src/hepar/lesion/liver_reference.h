// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "hepar/imaging/connected_components.h"
#include "hepar/volume/volume.h"

namespace hepar {

// How much of each label a map of 0 to 3 holds, by one pass at memory speed.
struct LabelCensus {
  std::int64_t liver_voxels = 0, cyst_voxels = 0;
  std::uint8_t largest = 0;                // the largest value of the map
  std::vector<std::int32_t> liver_in_row;  // liver voxels of row j + size.j * k
};
LabelCensus take_census(const LabelMap& labels);

// Where a LiverReference was measured.
enum class LiverSource { kLabel, kSurroundings, kNone };

// The patient's own liver: what lesions are compared with. Phase and noise both show in it.
struct LiverReference {
  LiverSource source = LiverSource::kNone;
  std::int64_t voxels = 0;          // label 1
  std::optional<double> median_hu;  // to 1 HU; empty without a source
  // The curve of formula 2 fitted to the histogram's peak, which leaves vessels and fat out.
  std::optional<double> mean_hu, std_hu;
  bool unenhanced = false;  // median_hu <= kUnenhancedLiverHu
  double noise_hu = 0;      // of the scan, estimate_noise(); where that is empty, std_hu
  // NoiseEstimate's; where that is empty, what 3D-IRCADb-01 case 1 has, so that errors are not thought too
  // small.
  double correlated_voxels = 9;
  double psf_sigma_mm = 0.64;  // in plane; where no edge of the body is in the CT, FWHM 1.5 mm
};

// With fewer voxels the median of noisy parenchyma (SD 25 HU) is uncertain by over 3 HU: 1.25 * 25 / 10.
inline constexpr std::int64_t kLeastLiverVoxels = 100;

// At or below it the scan is unenhanced or weakly enhanced; portal-venous livers measure 85 and more.
// Unenhanced livers measure 58.8 +- 10.8 HU (Boyce et al., AJR 194:623, 2010) and rise by 56 +- 14 HU
// in the portal phase, in cirrhosis by 40 +- 12 (Naruo et al., Radiat. Med. 25:50, 2007).
inline constexpr double kUnenhancedLiverHu = 75;

// From label 1; when it has fewer than kLeastLiverVoxels, from soft tissue (kSoftestLiverHu to
// kDensestLiverHu) within 6 mm of the boxes around `lesions`. In large livers every n-th row is read, about
// 250,000 voxels: at an SD of 25 HU the median is then good to 0.1 HU. Values outside [-1024, 3071] HU do not
// count.
LiverReference measure_liver(const CtVolume& ct, const LabelMap& labels, const LabelCensus& census,
                             std::span<const Component> lesions);

}  // namespace hepar
