// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace hepar {

struct RateInterval {
  double low = 0, high = 1;
};

// Exact bounds on the rate behind `events` in `trials` independent trials: Clopper & Pearson, Biometrika
// 26:404, 1934, by quantiles of the beta distribution. They hold with at least the stated confidence for
// every rate. Need 0 <= events <= trials, trials >= 1 and confidence in (0, 1).

// One-sided: the rate lies below it with `confidence`. Without an event it is 1 - (1 -
// confidence)^(1/trials).
double upper_bound_of_rate(std::int64_t events, std::int64_t trials, double confidence = 0.95);

// Two-sided: (1 - confidence) / 2 is left out at either end.
RateInterval interval_of_rate(std::int64_t events, std::int64_t trials, double confidence = 0.95);

}  // namespace hepar
