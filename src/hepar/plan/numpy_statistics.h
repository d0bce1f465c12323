// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace hepar {

// Order statistics to the last bit as NumPy computes them (lib/function_base.py): a plan's numbers follow
// from them by rounding. None is undefined, as there is always a case.

// _lerp: from the nearer end. `difference` is high - low, in the type of the values.
inline double numpy_interpolate(double low, double high, double difference, double fraction) {
  return fraction >= 0.5 ? high - difference * (1 - fraction) : low + difference * fraction;
}

inline double numpy_percentile(std::vector<double> values, double percent) {
  std::sort(values.begin(), values.end());
  const double at = static_cast<double>(values.size() - 1) * (percent / 100);
  const double below = std::floor(at);
  const auto rank = static_cast<std::size_t>(below);
  const double low = values[rank];
  const double high = values[std::min(rank + 1, values.size() - 1)];
  return numpy_interpolate(low, high, high - low, at - below);
}

// The mean of the two in the middle, which need not be percentile 50.
inline double numpy_median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

}  // namespace hepar
