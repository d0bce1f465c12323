// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace hepar::detail {

// Lines are worked on side by side, so that the recursive filter runs on vector registers.
inline constexpr std::int64_t kLanes = 16;

template <class T>
struct Lines {
  const T* source;
  std::int64_t count;        // <= kLanes
  std::int64_t lane_stride;  // between lines
  std::int64_t step;         // along a line
  std::int64_t length;
};

// Samples with `padding` repetitions of the end values; value t of lane l at [t * kLanes + l].
template <class T>
void gather(const Lines<T>& lines, std::int64_t padding, std::vector<double>& values) {
  values.resize(static_cast<std::size_t>((lines.length + 2 * padding) * kLanes));
  double* const inner = values.data() + padding * kLanes;
  for (std::int64_t t = 0; t < lines.length; ++t) {
    const T* const from = lines.source + t * lines.step;
    double* const to = inner + t * kLanes;
    for (std::int64_t lane = 0; lane < lines.count; ++lane) to[lane] = from[lane * lines.lane_stride];
    for (std::int64_t lane = lines.count; lane < kLanes; ++lane) to[lane] = 0;
  }
  const double* const last = inner + (lines.length - 1) * kLanes;
  for (std::int64_t p = 0; p < padding; ++p) {
    std::copy_n(inner, kLanes, values.data() + p * kLanes);
    std::copy_n(last, kLanes, inner + (lines.length + p) * kLanes);
  }
}

// The pole of the cubic spline's recursive filter, sqrt(3) - 2.
inline constexpr double kSplinePole = -0.2679491924311228;

// Gathered samples to cubic B-spline coefficients: a causal and an anticausal recursion, mirrored at the
// ends; Unser et al. 1993, eq. 2.5 to 2.7, gain (1 - z)(1 - 1/z) = 6.
void prefilter(std::vector<double>& values);

}  // namespace hepar::detail
