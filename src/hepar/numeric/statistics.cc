// SPDX-License-Identifier: Apache-2.0
#include "hepar/numeric/statistics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "hepar/core/error.h"

namespace hepar {

std::optional<double> mean(std::span<const double> values) {
  if (values.empty()) return std::nullopt;
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

std::optional<double> sample_sd(std::span<const double> values) {
  if (values.size() < 2) return std::nullopt;
  const double centre = *mean(values);
  double squares = 0;
  for (const double value : values) squares += (value - centre) * (value - centre);
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

std::optional<double> percentile(std::span<const double> values, double percent) {
  HEPAR_EXPECT(percent >= 0 && percent <= 100, fmt::format("percent is {}", percent));
  if (values.empty()) return std::nullopt;
  std::vector<double> work(values.begin(), values.end());
  const double position = percent / 100.0 * static_cast<double>(work.size() - 1);
  const auto below = static_cast<std::ptrdiff_t>(std::floor(position));
  const auto low = work.begin() + below;
  std::nth_element(work.begin(), low, work.end());
  const double fraction = position - static_cast<double>(below);
  if (fraction == 0) return *low;
  return *low + fraction * (*std::min_element(low + 1, work.end()) - *low);
}

std::optional<double> median(std::span<const double> values) { return percentile(values, 50); }

std::optional<double> median_absolute_deviation(std::span<const double> values) {
  const std::optional<double> centre = median(values);
  if (!centre) return std::nullopt;
  std::vector<double> deviations(values.size());
  std::transform(values.begin(), values.end(), deviations.begin(),
                 [&](double value) { return std::abs(value - *centre); });
  return median(deviations);
}

Summary summarise(std::span<const double> values) {
  return {.n = static_cast<std::int64_t>(values.size()),
          .mean = mean(values),
          .sd = sample_sd(values),
          .min = percentile(values, 0),
          .q1 = percentile(values, 25),
          .median = median(values),
          .q3 = percentile(values, 75),
          .max = percentile(values, 100)};
}

}  // namespace hepar
