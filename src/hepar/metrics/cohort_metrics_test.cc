// SPDX-License-Identifier: Apache-2.0
#include "hepar/metrics/cohort_metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "hepar/metrics/overlap.h"

namespace hepar {
namespace {

RegionMetrics with_voxels(std::int64_t prediction, std::int64_t reference, std::int64_t common) {
  RegionMetrics metrics;
  metrics.prediction_voxels = prediction;
  metrics.reference_voxels = reference;
  metrics.common_voxels = common;
  metrics.dsc = dice({common, prediction, reference});
  return metrics;
}

TEST(CohortDice, PerCaseAndGlobal) {
  // DSC 2 * 90 / 200 = 0.9 and 2 * 1 / 10 = 0.2: mean 0.55; joined 2 * 91 / 210. Empty cases add nothing.
  const std::vector<RegionMetrics> cases{with_voxels(100, 100, 90), with_voxels(4, 6, 1),
                                         with_voxels(0, 0, 0)};
  EXPECT_DOUBLE_EQ(dice_per_case(cases).value(), 0.55);
  EXPECT_DOUBLE_EQ(dice_global(cases).value(), 182.0 / 210);
}

TEST(CohortDice, AMissedCaseCountsAsZero) {
  const std::vector<RegionMetrics> cases{with_voxels(10, 10, 10), with_voxels(0, 20, 0)};
  EXPECT_DOUBLE_EQ(dice_per_case(cases).value(), 0.5);
  EXPECT_DOUBLE_EQ(dice_global(cases).value(), 20.0 / 40);
}

TEST(CohortDice, UndefinedWithoutMasks) {
  EXPECT_EQ(dice_per_case({}), std::nullopt);
  EXPECT_EQ(dice_global({}), std::nullopt);
  const std::vector<RegionMetrics> empty{with_voxels(0, 0, 0)};
  EXPECT_EQ(dice_per_case(empty), std::nullopt);
  EXPECT_EQ(dice_global(empty), std::nullopt);
}

TEST(TumourBurden, IsTheShareOfTheLiver) {
  // 30 of 200 voxels predicted, 10 of 100 in the reference.
  const TumourBurden burden = tumour_burden(with_voxels(200, 100, 0), with_voxels(30, 10, 0));
  EXPECT_DOUBLE_EQ(burden.prediction.value(), 0.15);
  EXPECT_DOUBLE_EQ(burden.reference.value(), 0.1);
  EXPECT_DOUBLE_EQ(burden.error.value(), 0.05);
}

TEST(TumourBurden, IsUndefinedWithoutLiver) {
  const TumourBurden no_prediction = tumour_burden(with_voxels(0, 100, 0), with_voxels(0, 10, 0));
  EXPECT_EQ(no_prediction.prediction, std::nullopt);
  EXPECT_EQ(no_prediction.reference, 0.1);
  EXPECT_EQ(no_prediction.error, std::nullopt);
  const TumourBurden no_reference = tumour_burden(with_voxels(100, 0, 0), with_voxels(0, 0, 0));
  EXPECT_EQ(no_reference.prediction, 0.0);
  EXPECT_EQ(no_reference.reference, std::nullopt);
  EXPECT_EQ(no_reference.error, std::nullopt);
}

TEST(BurdenError, RootMeanSquareAndLargest) {
  // Errors 0.03 and -0.04; the undefined one is left out. The root of (0.0009 + 0.0016) / 2.
  const std::vector<TumourBurden> burdens{{0.13, 0.1, 0.03}, {0.1, 0.14, -0.04}, {}};
  const BurdenError error = burden_error(burdens);
  EXPECT_EQ(error.n, 2);
  EXPECT_DOUBLE_EQ(error.rmse.value(), std::sqrt(0.00125));
  EXPECT_DOUBLE_EQ(error.max_size.value(), 0.04);
  EXPECT_EQ(burden_error({}).n, 0);
  EXPECT_EQ(burden_error({}).rmse, std::nullopt);
  EXPECT_EQ(burden_error({}).max_size, std::nullopt);
}

}  // namespace
}  // namespace hepar
