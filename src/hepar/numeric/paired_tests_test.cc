// SPDX-License-Identifier: Apache-2.0
#include "hepar/numeric/paired_tests.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <numeric>
#include <vector>

#include "hepar/core/error.h"

namespace hepar {
namespace {

using Values = std::vector<double>;

// Darwin's pairs of Zea mays, cross-fertilised less self-fertilised plant, in eighths of an inch: Fisher, The
// Design of Experiments, 1935, chapter 3.
const Values darwin{49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48};

Values zeros(std::size_t count) { return Values(count, 0.0); }

// Differences 1, 2 ... count, the first `negative` of them below zero.
Values steps(std::size_t count, std::size_t negative) {
  Values values(count);
  std::iota(values.begin(), values.end(), 1.0);
  for (std::size_t i = 0; i < negative; ++i) values[i] = -values[i];
  return values;
}

TEST(PairedTTest, MatchesTheClosedFormForTwoDegreesOfFreedom) {
  // Differences 1, 2, 3: mean 2, SD 1, t = 2 / (1 / sqrt 3) = sqrt 12. The distribution function with
  // 2 degrees of freedom is 1/2 + t / (2 sqrt(2 + t^2)), so p = 1 - t / sqrt(2 + t^2) = 1 - sqrt(6/7).
  const auto test = paired_t_test(Values{0, 0, 0}, Values{1, 2, 3});
  ASSERT_TRUE(test);
  EXPECT_DOUBLE_EQ(test->t, std::sqrt(12.0));
  EXPECT_EQ(test->degrees_of_freedom, 2);
  EXPECT_NEAR(test->p_two_sided, 1 - std::sqrt(6.0 / 7.0), 1e-14);
}

TEST(PairedTTest, MatchesTheClosedFormForOneDegreeOfFreedom) {
  // Differences -1, -3: mean -2, SD sqrt 2, t = -2. With 1 degree of freedom (Cauchy)
  // p = 1 - 2 atan(|t|) / pi.
  const auto test = paired_t_test(Values{5, 5}, Values{4, 2});
  ASSERT_TRUE(test);
  EXPECT_DOUBLE_EQ(test->t, -2);
  EXPECT_NEAR(test->p_two_sided, 1 - 2 * std::atan(2.0) / std::numbers::pi, 1e-14);
}

TEST(PairedTTest, IsEmptyWhereItIsUndefined) {
  EXPECT_FALSE(paired_t_test(Values{1}, Values{2}));
  EXPECT_FALSE(paired_t_test(Values{1, 2, 3}, Values{2, 3, 4}));
  EXPECT_THROW(paired_t_test(Values{1, 2}, Values{2}), Error);
}

TEST(PairedTTest, GivesFishersFigures) {
  // Fisher: mean 20.933, standard error 9.746, t = 2.148 with 14 degrees of freedom; his table has 2.145 as
  // the 5 % point, so the interval is 20.933 -+ 2.145 * 9.746 = 0.03 to 41.84.
  const auto test = paired_t_test(zeros(15), darwin);
  ASSERT_TRUE(test);
  EXPECT_NEAR(test->t, 2.148, 5e-4);
  EXPECT_NEAR(test->mean_difference.low, 0.03, 0.01);
  EXPECT_NEAR(test->mean_difference.high, 41.84, 0.01);
}

TEST(PairedTTest, GivesTheIntervalInClosedForm) {
  // Differences -1, -3: mean -2, standard error 1, and the 97.5 % point of 1 degree of freedom (Cauchy) is
  // tan(0.475 pi).
  const auto test = paired_t_test(Values{5, 5}, Values{4, 2});
  const double half = std::tan(0.475 * std::numbers::pi);
  EXPECT_NEAR(test->mean_difference.low, -2 - half, 1e-12);
  EXPECT_NEAR(test->mean_difference.high, -2 + half, 1e-12);
}

TEST(PairedTTest, TakesRoundingForNoVariance) {
  // All pairs differ by 0.1, but 0.2 - 0.1, 0.4 - 0.3 and 0.8 - 0.7 in binary do not.
  const Values before{0.1, 0.3, 0.7}, after{0.2, 0.4, 0.8};
  ASSERT_NE(after[0] - before[0], after[1] - before[1]);
  EXPECT_FALSE(paired_t_test(before, after));
  EXPECT_FALSE(paired_effect(before, after));
  // 1e-13 is hundreds of times the last digit and no rounding.
  EXPECT_TRUE(paired_t_test(before, Values{0.2, 0.4, 0.8 + 1e-13}));
}

TEST(WilcoxonSignedRank, GivesWilcoxonsFigures) {
  // The pairs are Wilcoxon's own example: the two negative differences have the ranks 11 and 14, and all
  // ranks sum to 120. SciPy's manual gives p = 0.041259765625 = 2 * 676 / 2^15.
  const auto test = wilcoxon_signed_rank(zeros(15), darwin);
  ASSERT_TRUE(test);
  EXPECT_EQ(test->pairs, 15);
  EXPECT_EQ(test->rank_sum_negative, 11 + 13);
  EXPECT_EQ(test->rank_sum_positive, 120 - 24);
  EXPECT_TRUE(test->exact);
  EXPECT_EQ(test->p_two_sided, 0.041259765625);
  EXPECT_DOUBLE_EQ(test->rank_biserial, (96.0 - 24) / 120);
}

TEST(WilcoxonSignedRank, CountsAllSignsOfTiedRanks) {
  // Ranks 1.5, 1.5, 3, 4, and 3 negative. Of the 16 sums of subsets, five are at most 3: {}, {1.5}, {1.5},
  // {1.5, 1.5} and {3}. So p = 2 * 5 / 16.
  const auto test = wilcoxon_signed_rank(zeros(4), Values{1, -2, 1, 3});
  ASSERT_TRUE(test);
  EXPECT_EQ(test->rank_sum_positive, 7);
  EXPECT_EQ(test->rank_sum_negative, 3);
  EXPECT_EQ(test->p_two_sided, 0.625);
}

TEST(WilcoxonSignedRank, CapsAtOne) {
  // Ranks 1.5, 1.5, 3 with 3 on either side: five of eight sums are at most 3, and 2 * 5 / 8 > 1.
  const auto test = wilcoxon_signed_rank(Values{1, 1, 2}, Values{2, 2, 0});
  EXPECT_EQ(test->p_two_sided, 1);
  EXPECT_EQ(test->rank_biserial, 0);
}

TEST(WilcoxonSignedRank, DropsPairsThatDoNotDiffer) {
  // Three pairs left, ranks 1 to 3, all positive: p = 2 / 8.
  const auto test = wilcoxon_signed_rank(Values{5, 1, 5, 2, 3}, Values{5, 2, 5, 4, 6});
  ASSERT_TRUE(test);
  EXPECT_EQ(test->pairs, 3);
  EXPECT_EQ(test->rank_sum_positive, 6);
  EXPECT_EQ(test->p_two_sided, 0.25);
}

TEST(WilcoxonSignedRank, IsExactUpToFiftyPairs) {
  const auto fifty = wilcoxon_signed_rank(zeros(50), steps(50, 0));
  EXPECT_TRUE(fifty->exact);
  EXPECT_EQ(fifty->p_two_sided, std::ldexp(1, -49));
  // 51 pairs, ranks 1 to 4 negative: sum 10, mean 51 * 52 / 4 = 663, variance 51 * 52 * 103 / 24 = 11381.5.
  const auto more = wilcoxon_signed_rank(zeros(51), steps(51, 4));
  EXPECT_FALSE(more->exact);
  EXPECT_EQ(more->rank_sum_negative, 10);
  EXPECT_NEAR(more->p_two_sided / std::erfc((663 - 10) / std::sqrt(2 * 11381.5)), 1, 1e-12);
}

TEST(WilcoxonSignedRank, CorrectsTheVarianceForTies) {
  // 51 equal sizes have the rank 26 each, so the sum is 26 times a binomial count: variance 26^2 * 51 / 4.
  Values after(51, 1);
  std::fill(after.begin(), after.begin() + 21, -1);
  const auto test = wilcoxon_signed_rank(zeros(51), after);
  EXPECT_EQ(test->rank_sum_negative, 21 * 26);
  EXPECT_NEAR(test->p_two_sided, std::erfc((25.5 - 21) / std::sqrt(2 * 51 / 4.0)), 1e-12);
}

TEST(WilcoxonSignedRank, IsEmptyWhenNoPairDiffers) {
  EXPECT_FALSE(wilcoxon_signed_rank(Values{}, Values{}));
  EXPECT_FALSE(wilcoxon_signed_rank(Values{1, 2}, Values{1, 2}));
  EXPECT_THROW(wilcoxon_signed_rank(Values{1, 2}, Values{1}), Error);
}

TEST(SmallestWilcoxonP, IsReachedWhenAllAgree) {
  EXPECT_EQ(smallest_wilcoxon_p(5), 0.0625);
  for (std::size_t n = 1; n <= 8; ++n) {
    const auto test = wilcoxon_signed_rank(zeros(n), steps(n, 0));
    EXPECT_EQ(smallest_wilcoxon_p(static_cast<std::int64_t>(n)), test->p_two_sided) << n;
  }
  EXPECT_THROW(smallest_wilcoxon_p(0), Error);
}

TEST(PairedEffect, CorrectsByHedgesFactor) {
  // Differences 1, 2, 3: d_z = 2 / 1. J(2) = gamma(1) / gamma(1/2) = 1 / sqrt(pi).
  const auto three = paired_effect(zeros(3), Values{1, 2, 3});
  ASSERT_TRUE(three);
  EXPECT_DOUBLE_EQ(three->d_z, 2);
  EXPECT_NEAR(*three->corrected, 2 / std::sqrt(std::numbers::pi), 1e-14);
  // Differences 1 to 5: mean 3, variance 2.5. J(4) = gamma(2) / (sqrt(2) gamma(3/2)) = sqrt(2 / pi).
  const auto five = paired_effect(zeros(5), Values{1, 2, 3, 4, 5});
  EXPECT_DOUBLE_EQ(five->d_z, 3 / std::sqrt(2.5));
  EXPECT_NEAR(*five->corrected, 3 / std::sqrt(2.5) * std::sqrt(2 / std::numbers::pi), 1e-14);
}

TEST(PairedEffect, IsEmptyWhereItIsUndefined) {
  EXPECT_FALSE(paired_effect(zeros(2), Values{1, 3})->corrected);
  EXPECT_FALSE(paired_effect(zeros(1), Values{1}));
  EXPECT_FALSE(paired_effect(zeros(3), Values{2, 2, 2}));
  EXPECT_THROW(paired_effect(Values{1, 2}, Values{1}), Error);
}

TEST(SmallestDetectableDz, GivesGPowersExample) {
  // Paired t test in the manual of G*Power 3.1: d_z 0.421637, 50 pairs, alpha 0.05 give the power 0.832114.
  EXPECT_NEAR(*smallest_detectable_dz(50, 0.832114), 0.421637, 2e-6);
}

TEST(SmallestDetectableDz, FollowsPublishedSampleSizes) {
  // Pairs that d_z = 0.2, 0.5 and 0.8 need for 80 % power, two-sided 5 %: 199, 34 and 15 (G*Power 3.1).
  EXPECT_LE(*smallest_detectable_dz(199), 0.2);
  EXPECT_GT(*smallest_detectable_dz(198), 0.2);
  EXPECT_LE(*smallest_detectable_dz(34), 0.5);
  EXPECT_GT(*smallest_detectable_dz(33), 0.5);
  EXPECT_LE(*smallest_detectable_dz(15), 0.8);
  EXPECT_GT(*smallest_detectable_dz(14), 0.8);
}

TEST(SmallestDetectableDz, CountsBothTails) {
  // Without any difference the test rejects in both tails together with alpha; one alone would have the half,
  // and reach 0.05 only at a d_z of about 1.96 - 1.64 standard errors.
  EXPECT_LT(*smallest_detectable_dz(30, 0.0500001), 0.001);
}

TEST(SmallestDetectableDz, RefusesWhatIsNoPower) {
  EXPECT_FALSE(smallest_detectable_dz(1));
  EXPECT_THROW(smallest_detectable_dz(10, 1.0), Error);
  EXPECT_THROW(smallest_detectable_dz(10, 0.05), Error);
  EXPECT_THROW(smallest_detectable_dz(10, 0.8, 0), Error);
  EXPECT_THROW(smallest_detectable_dz(10, std::nan("")), Error);
}

TEST(HolmAdjusted, StepsDownAndStaysMonotone) {
  // Sorted 0.005, 0.01, 0.03, 0.04 times 4, 3, 2, 1: 0.02, 0.03, 0.06, 0.04, and the last may not fall.
  const Values adjusted = holm_adjusted(Values{0.01, 0.04, 0.03, 0.005});
  ASSERT_EQ(adjusted.size(), 4U);
  EXPECT_DOUBLE_EQ(adjusted[0], 0.03);
  EXPECT_DOUBLE_EQ(adjusted[1], 0.06);
  EXPECT_DOUBLE_EQ(adjusted[2], 0.06);
  EXPECT_DOUBLE_EQ(adjusted[3], 0.02);
}

TEST(HolmAdjusted, CapsAtOneAndKeepsASinglePValue) {
  EXPECT_EQ(holm_adjusted(Values{0.6, 0.7}), (Values{1, 1}));
  EXPECT_EQ(holm_adjusted(Values{0.03}), Values{0.03});
  EXPECT_TRUE(holm_adjusted(Values{}).empty());
}

TEST(HolmAdjusted, RefusesWhatIsNoProbability) {
  EXPECT_THROW(holm_adjusted(Values{0.1, 1.1}), Error);
  EXPECT_THROW(holm_adjusted(Values{-0.1}), Error);
  EXPECT_THROW(holm_adjusted(Values{std::nan("")}), Error);
}

}  // namespace
}  // namespace hepar
