// SPDX-License-Identifier: Apache-2.0
#include "hepar/numeric/paired_tests.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/non_central_t.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <boost/math/tools/toms748_solve.hpp>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include "hepar/core/error.h"

namespace hepar {
namespace {

constexpr std::int64_t kMostExactPairs = 50;  // also SciPy's limit; 2^50 sign patterns fit 64 bits

struct Differences {
  double n = 0, mean = 0, sd = 0;
};

// Empty where the differences have no variance.
std::optional<Differences> varying_differences(std::span<const double> before,
                                               std::span<const double> after) {
  const std::vector<double> differences = paired_differences(before, after);
  if (differences.size() < 2) return std::nullopt;
  double scale = 0;
  for (const double value : before) scale = std::max(scale, std::abs(value));
  for (const double value : after) scale = std::max(scale, std::abs(value));
  const auto [low, high] = std::minmax_element(differences.begin(), differences.end());
  // Both values of a pair are rounded, and so is their difference: 0.4 - 0.3 is not quite 0.2 - 0.1.
  if (*high - *low <= 4 * std::numeric_limits<double>::epsilon() * scale) return std::nullopt;
  return Differences{static_cast<double>(differences.size()), *mean(differences), *sample_sd(differences)};
}

// Twice the mean rank of each absolute difference, which is whole; smallest difference first.
struct SignedRanks {
  std::vector<std::int64_t> doubled;
  std::int64_t positive = 0, negative = 0;  // sums of them
  double tie_correction = 0;                // sum of t^3 - t over groups of t ties
};

SignedRanks signed_ranks(std::vector<double> differences) {
  std::erase(differences, 0.0);
  std::sort(differences.begin(), differences.end(),
            [](double a, double b) { return std::abs(a) < std::abs(b); });
  SignedRanks ranks;
  for (std::size_t first = 0, last = 0; first < differences.size(); first = last) {
    const double size = std::abs(differences[first]);
    while (last < differences.size() && std::abs(differences[last]) == size) ++last;
    const auto doubled = static_cast<std::int64_t>(first + 1 + last);
    for (std::size_t i = first; i < last; ++i) {
      ranks.doubled.push_back(doubled);
      (differences[i] > 0 ? ranks.positive : ranks.negative) += doubled;
    }
    const auto ties = static_cast<double>(last - first);
    ranks.tie_correction += ties * ties * ties - ties;
  }
  return ranks;
}

// Both tails are alike, as flipping every sign shows. `ways[s]` counts the sign patterns whose positive
// ranks sum to s.
double exact_p(const SignedRanks& ranks) {
  const auto smaller = static_cast<std::size_t>(std::min(ranks.positive, ranks.negative));
  std::vector<std::int64_t> ways(smaller + 1);
  ways[0] = 1;
  for (const std::int64_t rank : ranks.doubled) {
    const auto step = static_cast<std::size_t>(rank);
    for (std::size_t sum = smaller; sum >= step; --sum) ways[sum] += ways[sum - step];
  }
  const auto tail = static_cast<double>(std::accumulate(ways.begin(), ways.end(), std::int64_t{0}));
  return std::min(1.0, std::ldexp(tail, 1 - static_cast<int>(ranks.doubled.size())));
}

double normal_p(const SignedRanks& ranks) {
  const auto n = static_cast<double>(ranks.doubled.size());
  const double sum = static_cast<double>(std::min(ranks.positive, ranks.negative)) / 2;
  const double variance = (n * (n + 1) * (2 * n + 1) - ranks.tie_correction / 2) / 24;
  const double z = (sum - n * (n + 1) / 4) / std::sqrt(variance);
  return 2 * boost::math::cdf(boost::math::normal(), z);
}

double t_test_power(double n, double d_z, double alpha) {
  const double critical =
      boost::math::quantile(boost::math::complement(boost::math::students_t(n - 1), alpha / 2));
  const boost::math::non_central_t distribution(n - 1, d_z * std::sqrt(n));
  return boost::math::cdf(boost::math::complement(distribution, critical)) +
         boost::math::cdf(distribution, -critical);
}

}  // namespace

std::vector<double> paired_differences(std::span<const double> before, std::span<const double> after) {
  HEPAR_EXPECT(before.size() == after.size(),
               fmt::format("{} values against {}", before.size(), after.size()));
  std::vector<double> differences(before.size());
  std::transform(after.begin(), after.end(), before.begin(), differences.begin(), std::minus<>());
  return differences;
}

std::optional<PairedTTest> paired_t_test(std::span<const double> before, std::span<const double> after) {
  const std::optional<Differences> differences = varying_differences(before, after);
  if (!differences) return std::nullopt;
  const double standard_error = differences->sd / std::sqrt(differences->n);
  const boost::math::students_t distribution(differences->n - 1);
  PairedTTest test;
  test.t = differences->mean / standard_error;
  test.degrees_of_freedom = static_cast<std::int64_t>(before.size()) - 1;
  test.p_two_sided = 2 * boost::math::cdf(boost::math::complement(distribution, std::abs(test.t)));
  const double half = standard_error * boost::math::quantile(distribution, 0.975);
  test.mean_difference = {differences->mean - half, differences->mean + half};
  return test;
}

std::optional<WilcoxonTest> wilcoxon_signed_rank(std::span<const double> before,
                                                 std::span<const double> after) {
  const SignedRanks ranks = signed_ranks(paired_differences(before, after));
  if (ranks.doubled.empty()) return std::nullopt;
  WilcoxonTest test;
  test.pairs = static_cast<std::int64_t>(ranks.doubled.size());
  test.rank_sum_positive = static_cast<double>(ranks.positive) / 2;
  test.rank_sum_negative = static_cast<double>(ranks.negative) / 2;
  test.exact = test.pairs <= kMostExactPairs;
  test.p_two_sided = test.exact ? exact_p(ranks) : normal_p(ranks);
  test.rank_biserial =
      (test.rank_sum_positive - test.rank_sum_negative) / (test.rank_sum_positive + test.rank_sum_negative);
  return test;
}

double smallest_wilcoxon_p(std::int64_t pairs) {
  HEPAR_EXPECT(pairs >= 1, fmt::format("{} pairs", pairs));
  return std::pow(0.5, static_cast<double>(pairs - 1));
}

std::optional<PairedEffect> paired_effect(std::span<const double> before, std::span<const double> after) {
  const std::optional<Differences> differences = varying_differences(before, after);
  if (!differences) return std::nullopt;
  PairedEffect effect;
  effect.d_z = differences->mean / differences->sd;
  const double m = differences->n - 1;
  if (m > 1) {
    effect.corrected = effect.d_z / (std::sqrt(m / 2) * boost::math::tgamma_delta_ratio((m - 1) / 2, 0.5));
  }
  return effect;
}

std::optional<double> smallest_detectable_dz(std::int64_t pairs, double power, double alpha) {
  HEPAR_EXPECT(alpha > 0 && alpha < power && power < 1, fmt::format("power {}, alpha {}", power, alpha));
  if (pairs < 2) return std::nullopt;
  const auto lack = [&](double d_z) { return t_test_power(static_cast<double>(pairs), d_z, alpha) - power; };
  double high = 1;
  while (lack(high) < 0) high *= 2;
  std::uintmax_t steps = 100;
  const auto [below, above] = boost::math::tools::toms748_solve(
      lack, 0.0, high, boost::math::tools::eps_tolerance<double>(48), steps);
  return (below + above) / 2;
}

std::vector<double> holm_adjusted(std::span<const double> p) {
  HEPAR_EXPECT(std::all_of(p.begin(), p.end(), [](double value) { return value >= 0 && value <= 1; }),
               "a p value lies outside [0, 1]");
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return p[a] < p[b]; });
  std::vector<double> adjusted(p.size());
  double largest = 0;
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    largest = std::max(largest, std::min(1.0, p[order[rank]] * static_cast<double>(p.size() - rank)));
    adjusted[order[rank]] = largest;
  }
  return adjusted;
}

}  // namespace hepar
