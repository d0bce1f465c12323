// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace hepar {

// All functions take finite values in any order and leave them as they are; what is undefined for the
// given count is an empty optional.

std::optional<double> mean(std::span<const double> values);

// Sample standard deviation (divisor n - 1); needs two values.
std::optional<double> sample_sd(std::span<const double> values);

// The value below which `percent` (in [0, 100]) of the values lie, by linear interpolation between order
// statistics: definition 7 of Hyndman & Fan, Am. Stat. 50(4):361, 1996, which is numpy's default. O(n).
std::optional<double> percentile(std::span<const double> values, double percent);
std::optional<double> median(std::span<const double> values);

// Median absolute deviation from the median, unscaled. For normal values SD = 1.4826 MAD.
std::optional<double> median_absolute_deviation(std::span<const double> values);
inline constexpr double kSdPerMad = 1.4826;  // 1 / (0.75 quantile of the standard normal distribution)

// A range of real numbers, ends included.
struct Interval {
  double low = 0, high = 0;
};

struct Summary {
  std::int64_t n = 0;
  std::optional<double> mean, sd, min, q1, median, q3, max;  // q1, q3: the percentiles 25 and 75
};
Summary summarise(std::span<const double> values);

}  // namespace hepar
