// SPDX-License-Identifier: Apache-2.0
#include "hepar/evaluation/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hepar {
namespace {

// A case whose only region has this Dice and HD95.
EvaluatedCase scored(const std::string& name, double dsc, std::optional<double> hd95_mm) {
  EvaluatedCase c;
  c.name = name;
  c.regions.resize(1);
  c.regions[0].metrics.dsc = dsc;
  c.regions[0].metrics.hd95_mm = hd95_mm;
  return c;
}

Evaluation two_methods() {
  Evaluation evaluation;
  evaluation.options.regions = {parse_region("tumour=2")};
  evaluation.methods = {{"A", {scored("x", 0.5, 4), scored("y", 0.6, 5), scored("z", 0.7, 9)}},
                        {"B", {scored("x", 0.6, 2), scored("y", 0.8, 4), scored("z", 1.0, {})}}};
  return evaluation;
}

TEST(CompareMethods, TakesEachMetricOverItsCommonCases) {
  const auto rows = compare_methods(two_methods());
  ASSERT_EQ(rows.size(), 2U);  // the other metrics have no value
  EXPECT_STREQ(rows[0].metric->key, "dsc");
  EXPECT_EQ(rows[0].first, "A");
  EXPECT_EQ(rows[0].second, "B");
  EXPECT_EQ(rows[0].statistics.n, 3);
  EXPECT_NEAR(rows[0].statistics.mean_difference.value(), 0.2, 1e-12);
  EXPECT_STREQ(rows[1].metric->key, "hd95_mm");
  EXPECT_EQ(rows[1].statistics.n, 2);
  EXPECT_NEAR(rows[1].statistics.mean_difference.value(), -1.5, 1e-12);
}

TEST(CompareMethods, AdjustsPOverTheMetricsOfARegion) {
  const auto rows = compare_methods(two_methods());
  // Differences 0.1, 0.2, 0.3: t = 0.2 / (0.1 / sqrt 3) = 2 sqrt 3 with 2 degrees of freedom, so
  // p = 1 - t / sqrt(t^2 + 2) = 1 - sqrt(12 / 14) = 0.0742. Differences -2, -1: t = -3 with 1, p = 0.2048.
  EXPECT_NEAR(rows[0].statistics.t_test->p_two_sided, 0.0742, 5e-5);
  EXPECT_NEAR(rows[1].statistics.t_test->p_two_sided, 0.2048, 5e-5);
  EXPECT_NEAR(rows[0].t_p_holm.value(), 2 * 0.0742, 1e-4);  // the smaller of two
  EXPECT_NEAR(rows[1].t_p_holm.value(), 0.2048, 1e-4);
}

TEST(CompareMethods, OneMethodHasNothingToBeComparedWith) {
  Evaluation evaluation = two_methods();
  evaluation.methods.pop_back();
  EXPECT_TRUE(compare_methods(evaluation).empty());
}

}  // namespace
}  // namespace hepar
