// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "hepar/numeric/binomial.h"

namespace hepar {

// What calling everything positive whose score is at or above `threshold` gives.
struct RocPoint {
  double threshold = 0;
  double true_positive_rate = 0, false_positive_rate = 0;
};

struct RocCurve {
  double area = 0.5;             // chance that a positive scores above a negative, ties counted one half
  RateInterval area_interval;    // 95 %
  std::vector<RocPoint> points;  // one per distinct score, highest first; the last is (1, 1). (0, 0) is
                                 // not listed
};

// The receiver operating characteristic of scores that are high for positives. The area is the Mann-Whitney
// statistic; its interval is DeLong's (DeLong, DeLong & Clarke-Pearson, Biometrics 44:837, 1988), cut to
// [0, 1]. Where DeLong's variance is 0 or undefined (no overlap, only ties, one sample on a side) it would
// say nothing, and the pseudo-score interval takes its place (method 5 of Newcombe, Stat. Med. 25:559, 2006).
// Needs a finite score on either side. O(n log n).
RocCurve roc_curve(std::span<const double> positives, std::span<const double> negatives);

}  // namespace hepar
