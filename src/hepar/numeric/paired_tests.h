// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "hepar/numeric/statistics.h"

namespace hepar {

// Tests on pairs of finite values, such as one metric of the same cases before and after a step. Both
// samples must have one size, and a difference is after - before. What is undefined is an empty optional.

std::vector<double> paired_differences(std::span<const double> before, std::span<const double> after);

// Student's t test for paired samples, as the paper compares before and after the filter.
struct PairedTTest {
  double t = 0;  // mean difference over its standard error
  std::int64_t degrees_of_freedom = 0;
  double p_two_sided = 1;
  Interval mean_difference;  // 95 %, by the t distribution
};
// Empty for fewer than two pairs, and when all differences are equal up to the rounding of the values (no
// variance to judge by).
std::optional<PairedTTest> paired_t_test(std::span<const double> before, std::span<const double> after);

// Wilcoxon's signed-rank test: Wilcoxon, Biometrics Bull. 1:80, 1945. Zero differences are dropped, as he
// did; Pratt's way, which ranks them first, is not offered. Equal absolute differences share their mean
// rank, but only when equal to the last digit.
struct WilcoxonTest {
  std::int64_t pairs = 0;                               // those that differ
  double rank_sum_positive = 0, rank_sum_negative = 0;  // together pairs (pairs + 1) / 2
  double p_two_sided = 1;
  bool exact = false;        // p over all 2^pairs signs, ties included (at most 50 pairs); else by the normal
                             // distribution with correction for ties and none for continuity
  double rank_biserial = 0;  // (positive - negative) / (positive + negative), in [-1, 1]: the matched-pairs
                             // rank-biserial correlation; Kerby, Compr. Psychol. 3:11.IT.3.1, 2014
};
// Empty when no pair differs.
std::optional<WilcoxonTest> wilcoxon_signed_rank(std::span<const double> before,
                                                 std::span<const double> after);

// The smallest two-sided p of the exact Wilcoxon test: 2 / 2^pairs, where all differences have one
// sign. Needs pairs >= 1.
double smallest_wilcoxon_p(std::int64_t pairs);

struct PairedEffect {
  double d_z = 0;  // mean difference over the SD of the differences; Cohen, Statistical Power Analysis for
                   // the Behavioral Sciences, 2nd ed. 1988, p. 48
  // d_z J(n - 1), J(m) = gamma(m / 2) / (sqrt(m / 2) gamma((m - 1) / 2)), without the bias of small samples:
  // Hedges, J. Educ. Stat. 6:107, 1981. Empty for two pairs, where d_z has no expectation.
  std::optional<double> corrected;
};
// Empty where the t test is.
std::optional<PairedEffect> paired_effect(std::span<const double> before, std::span<const double> after);

// The d_z from which on a two-sided paired t test at the level alpha finds a difference with this power, by
// the noncentral t distribution (Cohen 1988). Empty for fewer than two pairs; needs 0 < alpha < power < 1.
std::optional<double> smallest_detectable_dz(std::int64_t pairs, double power = 0.8, double alpha = 0.05);

// p of several tests, adjusted so that all of them together keep their level: Holm, Scand. J. Stat. 6:65,
// 1979. In the order given; each p must lie in [0, 1].
std::vector<double> holm_adjusted(std::span<const double> p);

}  // namespace hepar
