// SPDX-License-Identifier: Apache-2.0
#include "hepar/numeric/bootstrap.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>

#include "hepar/core/error.h"
#include "hepar/core/random.h"

namespace hepar {
namespace {

bool all_equal(std::span<const double> values) {
  return std::all_of(values.begin(), values.end(), [&](double value) { return value == values[0]; });
}

// Leaving out value i moves the mean by (mean - value_i) / (n - 1); the factor cancels.
double acceleration_of_mean(std::span<const double> values, double centre) {
  double squares = 0, cubes = 0;
  for (const double value : values) {
    const double offset = value - centre;
    squares += offset * offset;
    cubes += offset * offset * offset;
  }
  return cubes / (6 * std::pow(squares, 1.5));
}

double share_below(std::span<const double> means, double centre) {
  double below = 0;
  for (const double mean_of_resample : means) {
    below += mean_of_resample < centre ? 1 : mean_of_resample == centre ? 0.5 : 0;
  }
  return below / static_cast<double>(means.size());
}

}  // namespace

std::vector<double> bootstrap_means(std::span<const double> values, std::int64_t resamples,
                                    std::uint64_t seed) {
  HEPAR_EXPECT(!values.empty() && resamples >= 1,
               fmt::format("{} resamples of {} values", resamples, values.size()));
  const auto n = static_cast<std::int64_t>(values.size());
  Random random(seed);
  std::vector<double> means(static_cast<std::size_t>(resamples));
  std::vector<double> drawn(values.size());
  for (double& mean_of_resample : means) {
    std::fill(drawn.begin(), drawn.end(), 0);
    for (std::int64_t draw = 0; draw < n; ++draw) ++drawn[static_cast<std::size_t>(random.integer(0, n - 1))];
    // Summed in the order of `values`, so that drawing each once gives their mean to the last digit: a tie.
    double sum = 0;
    for (std::size_t i = 0; i < values.size(); ++i) sum += drawn[i] * values[i];
    mean_of_resample = sum / static_cast<double>(n);
  }
  return means;
}

std::optional<Interval> bca_from_means(std::span<const double> values, std::span<const double> means,
                                       double confidence) {
  HEPAR_EXPECT(confidence > 0 && confidence <= 0.999, fmt::format("confidence is {}", confidence));
  HEPAR_EXPECT(!means.empty(), "there are no means of resamples");
  if (values.size() < 2) return std::nullopt;
  if (all_equal(values)) return Interval{values[0], values[0]};
  const double centre = *mean(values);
  const double share = share_below(means, centre);
  if (share == 0 || share == 1) return std::nullopt;
  const boost::math::normal normal;
  const double bias = boost::math::quantile(normal, share);
  const double acceleration = acceleration_of_mean(values, centre);
  const double z = boost::math::quantile(normal, (1 - confidence) / 2);
  const auto bound = [&](double shift) {
    const double moved = bias + shift;
    const double level = boost::math::cdf(normal, bias + moved / (1 - acceleration * moved));
    return *percentile(means, 100 * level);
  };
  return Interval{bound(z), bound(-z)};
}

std::optional<Interval> bca_interval(std::span<const double> values, const BootstrapOptions& options) {
  if (values.size() < 2) return std::nullopt;
  return bca_from_means(values, bootstrap_means(values, options.resamples, options.seed), options.confidence);
}

}  // namespace hepar
