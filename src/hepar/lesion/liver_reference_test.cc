// SPDX-License-Identifier: Apache-2.0
#include "hepar/lesion/liver_reference.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

namespace hepar {
namespace {

Geometry grid(Int3 size) {
  Geometry geometry;
  geometry.size = size;
  return geometry;
}

TEST(TakeCensus, CountsEveryVoxelOfWideRows) {
  LabelMap labels(grid({300, 2, 2}));  // rows longer than the 128 voxels that are counted in bytes
  std::fill_n(labels.voxels().begin() + 300, 300, kLiver);  // row j = 1 of k = 0
  labels[{299, 0, 1}] = kLiver;
  labels[{0, 1, 1}] = kCyst;
  labels[{5, 1, 1}] = kCyst;
  const LabelCensus census = take_census(labels);
  EXPECT_EQ(census.liver_voxels, 301);
  EXPECT_EQ(census.cyst_voxels, 2);
  EXPECT_EQ(census.largest, 3);
  EXPECT_EQ(census.liver_in_row, (std::vector<std::int32_t>{0, 300, 1, 0}));
}

TEST(TakeCensus, SeesTheLargestLabelAnywhere) {
  LabelMap labels(grid({200, 1, 1}));
  labels[{150, 0, 0}] = 255;
  EXPECT_EQ(take_census(labels).largest, 255);
}

LiverReference measure(const CtVolume& ct, const LabelMap& labels) {
  return measure_liver(ct, labels, take_census(labels));
}

TEST(MeasureLiver, TakesTheMedianOfTheLiverAlone) {
  CtVolume ct(grid({20, 10, 1}), -1000.0F);
  LabelMap labels(grid({20, 10, 1}));
  // 101 liver voxels: 50 of 90 HU, one of 100, 50 of 400 (vessel); the 51st in order is 100.
  for (std::size_t n = 0; n < 101; ++n) {
    labels.voxels()[n] = kLiver;
    ct.voxels()[n] = n < 50 ? 400.0F : n < 100 ? 90.0F : 100.0F;
  }
  const LiverReference liver = measure(ct, labels);
  EXPECT_EQ(liver.voxels, 101);
  EXPECT_EQ(liver.median_hu, 100);
  EXPECT_FALSE(liver.unenhanced);
}

TEST(MeasureLiver, CallsUpTo75HuUnenhanced) {
  const LabelMap labels(grid({10, 10, 1}), kLiver);
  EXPECT_TRUE(measure(CtVolume(grid({10, 10, 1}), 58.0F), labels).unenhanced);
  EXPECT_TRUE(measure(CtVolume(grid({10, 10, 1}), 75.0F), labels).unenhanced);
  EXPECT_FALSE(measure(CtVolume(grid({10, 10, 1}), 76.0F), labels).unenhanced);
}

TEST(MeasureLiver, NeedsAHundredVoxels) {
  const CtVolume ct(grid({100, 1, 1}), 110.0F);
  LabelMap labels(grid({100, 1, 1}), kLiver);
  EXPECT_EQ(measure(ct, labels).median_hu, 110);
  labels[{50, 0, 0}] = kTumour;
  const LiverReference liver = measure(ct, labels);
  EXPECT_EQ(liver.voxels, 99);
  EXPECT_FALSE(liver.median_hu);
  EXPECT_FALSE(liver.unenhanced);
}

TEST(MeasureLiver, LeavesOutWhatIsNoTissue) {
  const LabelMap labels(grid({100, 3, 1}), kLiver);
  CtVolume ct(grid({100, 3, 1}), std::numeric_limits<float>::quiet_NaN());
  std::fill_n(ct.voxels().begin(), 100, 105.0F);
  std::fill_n(ct.voxels().begin() + 100, 100, -3024.0F);
  EXPECT_EQ(measure(ct, labels).median_hu, 105);
  EXPECT_FALSE(measure(CtVolume(grid({100, 3, 1}), -3024.0F), labels).median_hu);
}

TEST(MeasureLiver, SamplesRowsOfAHugeLiver) {
  // 2.4 million voxels: every third row is read, and each holds 99, 100 and 101 HU equally often.
  const Geometry geometry = grid({240, 100, 100});
  CtVolume ct(geometry);
  for (std::size_t n = 0; n < ct.voxels().size(); ++n) ct.voxels()[n] = 99.0F + static_cast<float>(n % 3);
  const LiverReference liver = measure(ct, LabelMap(geometry, kLiver));
  EXPECT_EQ(liver.voxels, 2'400'000);
  EXPECT_EQ(liver.median_hu, 100);
}

}  // namespace
}  // namespace hepar
