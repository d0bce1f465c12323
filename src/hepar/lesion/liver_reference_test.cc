// SPDX-License-Identifier: Apache-2.0
#include "hepar/lesion/liver_reference.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "hepar/core/random.h"

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
  return measure_liver(ct, labels, take_census(labels), find_components(labels, kTumour).components);
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
  labels[{50, 0, 0}] = kBackground;
  const LiverReference liver = measure(ct, labels);  // no lesion either, so no surroundings
  EXPECT_EQ(liver.voxels, 99);
  EXPECT_EQ(liver.source, LiverSource::kNone);
  EXPECT_FALSE(liver.median_hu);
  EXPECT_FALSE(liver.unenhanced);
}

TEST(MeasureLiver, TakesSoftTissueAroundTheLesionsWithoutLiver) {
  // 70 HU everywhere, but fat and a bright vessel beside the lesion and 110 HU from 7 mm on.
  CtVolume ct(grid({41, 41, 41}), 70.0F);
  LabelMap labels(grid({41, 41, 41}));
  labels[{20, 20, 20}] = kTumour;
  ct[{20, 20, 20}] = 20;
  for (std::int64_t j = 0; j < 41; ++j) {
    for (std::int64_t k = 0; k < 41; ++k) {
      for (std::int64_t i = 27; i < 41; ++i) ct[{i, j, k}] = 110;
      ct[{19, j, k}] = -100, ct[{21, j, k}] = 300;
    }
  }
  const LiverReference liver = measure(ct, labels);
  EXPECT_EQ(liver.source, LiverSource::kSurroundings);
  EXPECT_EQ(liver.voxels, 0);
  EXPECT_EQ(liver.median_hu, 70);
  EXPECT_TRUE(liver.unenhanced);
}

TEST(MeasureLiver, FitsTheParenchymaBesideVessels) {
  // 80 % parenchyma at 105 HU, 15 % vessels at 180 and 5 % fat at 30, all +- 12: their plain mean is
  // 0.8 * 105 + 0.15 * 180 + 0.05 * 30 = 112 HU, their SD 34; the peak's curve lies on the parenchyma. White
  // noise: every voxel speaks for itself.
  CtVolume ct(grid({60, 60, 40}));
  Random random(11);
  for (std::int64_t k = 0; k < 40; ++k)
    for (std::int64_t j = 0; j < 60; ++j)
      for (std::int64_t i = 0; i < 60; ++i)
        ct[{i, j, k}] = static_cast<float>(random.normal(j < 9 ? 180 : j < 57 ? 105 : 30, 12));
  const LiverReference liver = measure(ct, LabelMap(grid({60, 60, 40}), kLiver));
  EXPECT_EQ(liver.source, LiverSource::kLabel);
  EXPECT_NEAR(liver.mean_hu.value(), 105, 1);
  EXPECT_NEAR(liver.std_hu.value(), 12, 1.5);
  EXPECT_NEAR(liver.noise_hu, 12, 1);
  EXPECT_NEAR(liver.correlated_voxels, 1, 0.3);
  EXPECT_EQ(liver.psf_sigma_mm, 0.64);  // no air, so no skin to measure it by
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
