// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "hepar/metrics/region_metrics.h"

namespace hepar {

// Figures over the cases of a cohort, as LiTS ranks by them: Bilic et al., Med. Image Anal. 84:102680, 2023,
// and evaluate.py of PatrickChrist/lits-challenge-scoring.

// The mean DSC of one structure over the cases where it is defined; undefined when there is none. LiTS's
// script counts a case whose masks are both empty as 0; here it is left out.
std::optional<double> dice_per_case(std::span<const RegionMetrics> cases);

// The DSC of one structure when all cases are joined: 2 sum |P n R| / sum (|P| + |R|), in voxels of each
// case's own size; undefined when all masks are empty.
std::optional<double> dice_global(std::span<const RegionMetrics> cases);

// Tumour volume / liver volume, as fractions; the liver holds its tumours.
struct TumourBurden {
  std::optional<double> prediction, reference;  // undefined where that liver is empty
  std::optional<double> error;                  // prediction - reference; undefined where one of them is
};
TumourBurden tumour_burden(const RegionMetrics& liver, const RegionMetrics& tumour);

// Over the cases whose error is defined. LiTS gives a case without predicted liver an error of 9000 instead,
// and takes the maximum of signed errors.
struct BurdenError {
  std::int64_t n = 0;              // cases
  std::optional<double> rmse;      // root mean square error; undefined without cases
  std::optional<double> max_size;  // the largest error without its sign
};
BurdenError burden_error(std::span<const TumourBurden> burdens);

}  // namespace hepar
