// SPDX-License-Identifier: Apache-2.0
#include "hepar/numeric/paired_comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "hepar/core/error.h"

namespace hepar {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Values = std::vector<double>;

// `count` pairs whose differences are -1, 2, -3, 4 ... but 0 in the first `equal` pairs.
PairedComparison compare_alternating(std::size_t count, std::size_t equal = 0) {
  Values before(count, 10), after(count, 10);
  for (std::size_t i = equal; i < count; ++i) after[i] += static_cast<double>(i + 1) * (i % 2 == 0 ? -1 : 1);
  return compare_paired(before, after);
}

TEST(ComparePaired, GivesAllFigures) {
  // Differences 1, 2, 3: mean 2, SD 1, t = 2 sqrt 3, d_z = 2, all three ranks positive.
  const PairedComparison comparison = compare_paired(Values{1, 2, 6}, Values{2, 4, 9});
  EXPECT_EQ(comparison.n, 3);
  EXPECT_DOUBLE_EQ(*comparison.before.mean, 3);
  EXPECT_DOUBLE_EQ(*comparison.before.sd, std::sqrt(7.0));
  EXPECT_DOUBLE_EQ(*comparison.after.mean, 5);
  EXPECT_DOUBLE_EQ(*comparison.after.sd, std::sqrt(13.0));  // 9 + 1 + 16 over 2
  EXPECT_DOUBLE_EQ(*comparison.mean_difference, 2);
  EXPECT_DOUBLE_EQ(comparison.t_test->t, std::sqrt(12.0));
  EXPECT_EQ(comparison.wilcoxon->rank_sum_positive, 6);
  EXPECT_DOUBLE_EQ(comparison.effect->d_z, 2);
  // 1 and 3 are the means of all ones and all threes, each one of 27 and so more than 2.5 %.
  EXPECT_EQ(comparison.bootstrap_interval->low, 1);
  EXPECT_EQ(comparison.bootstrap_interval->high, 3);
}

TEST(ComparePaired, WarnsWhenFivePairsCannotSay) {
  // 2 / 2^5 = 0.0625; five pairs need d_z = 1.68 for 80 % power by SciPy's noncentral t.
  EXPECT_THAT(
      compare_alternating(5).warnings,
      ElementsAre("With 5 pairs that differ the Wilcoxon test can't give a p below 0.0625.",
                  "5 pairs find a difference with 80 % power only from 1.7 standard deviations of the "
                  "differences on: no significant difference does not mean no difference."));
}

TEST(ComparePaired, WarnsUntilThereAreEnoughPairs) {
  EXPECT_THAT(compare_alternating(6).warnings, ElementsAre(HasSubstr("80 % power")));
  EXPECT_THAT(compare_alternating(14).warnings, ElementsAre(HasSubstr("only from 0.81 standard")));
  EXPECT_THAT(compare_alternating(15).warnings, IsEmpty());
}

TEST(ComparePaired, CountsForWilcoxonOnlyPairsThatDiffer) {
  EXPECT_THAT(compare_alternating(20, 16).warnings,
              ElementsAre("With 4 pairs that differ the Wilcoxon test can't give a p below 0.125."));
  EXPECT_THAT(compare_alternating(20, 19).warnings,
              ElementsAre("With 1 pair that differs the Wilcoxon test can't give a p below 1."));
  EXPECT_THAT(compare_alternating(20, 14).warnings, IsEmpty());
}

TEST(ComparePaired, SaysWhichTestIsUndefined) {
  const PairedComparison same = compare_alternating(20, 20);
  EXPECT_FALSE(same.t_test || same.wilcoxon || same.effect);
  EXPECT_EQ(same.bootstrap_interval->high, 0);
  EXPECT_THAT(same.warnings, ElementsAre("No pair differs: there is nothing to test."));

  const PairedComparison shifted = compare_paired(Values(20, 1), Values(20, 2));
  EXPECT_FALSE(shifted.t_test || shifted.effect);
  EXPECT_TRUE(shifted.wilcoxon);
  EXPECT_THAT(shifted.warnings,
              ElementsAre("All pairs differ by the same amount: there is no t test and no effect size."));
}

TEST(ComparePaired, LeavesUndefinedFiguresEmpty) {
  for (const std::size_t count : {0U, 1U}) {
    const PairedComparison comparison = compare_alternating(count);
    EXPECT_FALSE(comparison.t_test || comparison.effect || comparison.bootstrap_interval);
    EXPECT_THAT(comparison.warnings, ElementsAre("With fewer than 2 pairs nothing can be tested."));
  }
  EXPECT_FALSE(compare_alternating(0).mean_difference);
  EXPECT_THROW(compare_paired(Values{1, 2}, Values{1}), Error);
}

}  // namespace
}  // namespace hepar
