// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>

namespace hepar {

// Two normal laws in a region's HU, and whether two describe it better than one.
struct GaussianPair {
  double low_mean_hu = 0, low_std_hu = 0, low_share = 0;  // share of the voxels
  double high_mean_hu = 0, high_std_hu = 0;
  // BIC of one law less that of two (Schwarz, Ann. Stat. 6:461, 1978): positive speaks for two. Neighbouring
  // voxels repeat each other, so `correlated_voxels` of them count as one sample.
  double bic_gain = 0;
};

// Maximum likelihood by expectation maximisation on 1-HU bins (Dempster, Laird & Rubin, J. R. Stat. Soc. B
// 39:1, 1977) from the halves below and above the mean; SDs of at least 1 HU. Empty for fewer than 20 values
// within [-1024, 3071] HU or when all lie in one bin.
std::optional<GaussianPair> fit_gaussian_pair(std::span<const float> values_hu, double correlated_voxels);

}  // namespace hepar
