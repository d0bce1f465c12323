// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include "hepar/numeric/roc.h"

namespace hepar {

// A region whose nature is known. A guarded one may not be called cyst whatever its probability.
struct LabelledRegion {
  double probability_cyst = 0;
  bool is_cyst = false;  // else tumour
  bool guarded = false;
};

// A region is called cyst at or above the first (where no guard forbids it), tumour below the second, and is
// doubtful in between. The values before any calibration: docs/lesions.md, set on the tuning seeds so that
// under 0.2 % of the tumours are called cyst.
struct SiteThresholds {
  double cyst_probability = 0.93;
  double tumour_probability = 0.50;
};

// Bounds of what a calibration may choose: a cyst is at least more probable than not, and no sample of a
// few hundred says anything about probabilities nearer to 1 than the upper one.
inline constexpr double kLeastCystProbability = 0.5;
inline constexpr double kMostCystProbability = 0.999;
// Share of the cysts that may be called tumour outright. Such a cyst stays in the target volume without
// being marked for review.
inline constexpr double kCystsCalledTumour = 0.05;

struct Calibration {
  SiteThresholds thresholds;
  double drop_ceiling = 0;
  std::int64_t tumours = 0, cysts = 0;  // in the sample
  std::int64_t tumours_dropped = 0;     // called cyst with these thresholds
  std::int64_t cysts_removed = 0;       // called cyst
  double drop_rate_upper_95 = 1;        // one-sided Clopper-Pearson bound on the tumours dropped
  RateInterval removed_rate_95;         // two-sided, of the cysts removed
  RocCurve roc;                         // positive: cyst; a guarded region's score is 0
};

// Chooses a site's thresholds from its own regions. The cyst threshold is the lowest at which the bound on
// the rate of tumours dropped is below `drop_ceiling`, but at least kLeastCystProbability; it lies midway
// to the next higher score of the sample. With the ceiling at 2 % this needs 149 tumours without a loss, 236
// with one. The tumour threshold is the highest that leaves at most kCystsCalledTumour of the cysts (guarded
// or not: a guard says nothing about the probability) below it, and at most 0.5. The bound is for independent
// regions and a threshold fixed beforehand; choosing it on the same sample makes it a little too low.
// Throws Error(kInvalidInput) without a cyst or a tumour, for a probability outside [0, 1] or NaN, for a
// ceiling outside (0, 1), and when no threshold up to kMostCystProbability keeps the bound below the ceiling.
Calibration calibrate(std::span<const LabelledRegion> regions, double drop_ceiling = 0.02);

}  // namespace hepar
