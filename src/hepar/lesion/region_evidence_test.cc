// SPDX-License-Identifier: Apache-2.0
#include "hepar/lesion/region_evidence.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "hepar/lesion/test_case.h"

namespace hepar {
namespace {

using testing_case::Ball;
using testing_case::grid;
using testing_case::liver_of;
using testing_case::PaintedCase;

constexpr double kNoiseHu = 15;

// A ball of 15 HU and 10 mm radius whose contour is `too_wide_mm` off, in noisy liver of 110 HU.
RegionEvidence ball_with_contour(double too_wide_mm, std::uint64_t seed = 1) {
  PaintedCase c;
  c.paint({c.middle_mm(), 10}, 15);
  c.label({c.middle_mm(), 10 + too_wide_mm}, kTumour);
  c.add_noise(kNoiseHu, seed);
  return measure_evidence(c.patch(), liver_of(110, kNoiseHu));
}

class EvidenceSeed : public testing::TestWithParam<std::uint64_t> {};

TEST_P(EvidenceSeed, FindsTheBallsOwnHu) {
  const RegionEvidence evidence = ball_with_contour(0, GetParam());
  // White noise: the interior's mean has the error SD / sqrt(n), and its SD the relative error 1 / sqrt(2 n).
  const auto n = static_cast<double>(evidence.interior_voxels);
  ASSERT_GT(n, 1000);
  EXPECT_NEAR(evidence.interior_error_hu, kNoiseHu / std::sqrt(n), 1e-9);
  EXPECT_NEAR(evidence.interior_mean_hu.value(), 15, 3 * evidence.interior_error_hu);
  EXPECT_NEAR(evidence.interior_std_hu.value(), kNoiseHu, 3 * kNoiseHu / std::sqrt(2 * n));
  EXPECT_EQ(evidence.interior_hu.size(), static_cast<std::size_t>(evidence.interior_voxels));
  EXPECT_EQ(evidence.dense_voxels, 0);
  EXPECT_EQ(evidence.gas_voxels, 0);
}

TEST_P(EvidenceSeed, FindsTheBordersPlaceAndWidth) {
  const RegionEvidence evidence = ball_with_contour(0, GetParam());
  const EdgeFit edge = evidence.edge.value();
  EXPECT_NEAR(edge.core_hu, 15, 3);
  EXPECT_NEAR(edge.surroundings_hu, 110, 3);
  // The contour's own steps are a third of a pixel (SD 0.75 / sqrt(12) = 0.22 mm).
  EXPECT_NEAR(edge.offset_mm, 0, 0.22);
  // Distances to pixels' corners are up to a step shorter than those to the true border, on both sides of it,
  // which sharpens; so as far off as a step.
  EXPECT_NEAR(edge.width_mm, std::hypot(PaintedCase::kSigmaMm, 0.75 / std::sqrt(12)), 0.22);
  EXPECT_EQ(edge.pixel_mm, 0.75);
  EXPECT_GT(edge.error_mm, 0);
  EXPECT_LT(edge.error_mm, 0.1);
  EXPECT_LT(evidence.rim_excess_hu.value(), 10);
}

TEST_P(EvidenceSeed, SeesNoUnevennessInNoiseAlone) {
  // A ratio that is 1 for white noise. Some 50 blocks: their SD is certain to 1 / sqrt(2 * 50) = 10 %.
  EXPECT_NEAR(ball_with_contour(0, GetParam()).unevenness.value(), 1, 0.3);
}
INSTANTIATE_TEST_SUITE_P(Seeds, EvidenceSeed, testing::Values(1, 2, 3, 4));

TEST(MeasureEvidence, SeesAGenerousOrTightContour) {
  EXPECT_NEAR(ball_with_contour(1).edge.value().offset_mm, 1, 0.25);
  EXPECT_NEAR(ball_with_contour(2).edge.value().offset_mm, 2, 0.25);
  EXPECT_NEAR(ball_with_contour(-1).edge.value().offset_mm, -1, 0.25);
}

TEST(MeasureEvidence, SeesADarkCoreEndWithinTheContour) {
  // A rim of 3 mm and 85 HU around the core: the step to it lies 3 mm inside.
  PaintedCase c;
  c.add({c.middle_mm(), 12}, 85);
  c.paint({c.middle_mm(), 9}, 15);
  c.add_noise(kNoiseHu);
  EXPECT_GT(measure_evidence(c.patch(), liver_of(110, kNoiseHu)).edge.value().offset_mm, 1.5);
}

TEST(MeasureEvidence, SeesARimBrighterThanTheLiver) {
  PaintedCase c;
  c.add({c.middle_mm(), 12}, 170);
  c.paint({c.middle_mm(), 10}, 15);
  c.add_noise(kNoiseHu);
  // Half of the rim's 60 HU at least: 2 mm of it, blurred by 0.6 mm on both sides.
  EXPECT_GT(measure_evidence(c.patch(), liver_of(110, kNoiseHu)).rim_excess_hu.value(), 30);
}

TEST(MeasureEvidence, KeepsPartialVolumeOfTheRegionsEndsOut) {
  // A block of 16 slices whose first and last are half liver: an eighth of its voxels.
  PaintedCase c;
  for (std::int64_t k = 10; k < 26; ++k)
    for (std::int64_t j = 20; j < 50; ++j)
      for (std::int64_t i = 20; i < 50; ++i) {
        c.labels[{i, j, k}] = kTumour;
        c.ct[{i, j, k}] = k == 10 || k == 25 ? 62 : 15;
      }
  c.add_noise(kNoiseHu);
  const RegionEvidence evidence = measure_evidence(c.patch(), liver_of(110, kNoiseHu));
  EXPECT_NEAR(evidence.interior_mean_hu.value(), 15, 3 * evidence.interior_error_hu);
}

TEST(MeasureEvidence, KeepsWhatLiesBeyondTheLiverOut) {
  // Fat from 3 mm beside the ball on, where the liver's label reaches 2 mm into it.
  PaintedCase c;
  const Vec3 middle = c.middle_mm();
  c.add({middle, 10}, 15);
  const Geometry& g = c.ct.geometry();
  for (std::size_t n = 0; n < c.ct.voxels().size(); ++n) {
    const double x = static_cast<double>(static_cast<std::int64_t>(n) % g.size.i) * g.spacing_mm.x - middle.x;
    if (x > 13) c.ct.voxels()[n] = -100;
    if (x > 15) c.labels.voxels()[n] = kBackground;
  }
  c.add_noise(kNoiseHu);
  const EdgeFit edge = measure_evidence(c.patch(), liver_of(110, kNoiseHu)).edge.value();
  EXPECT_NEAR(edge.surroundings_hu, 110, 3);
  EXPECT_NEAR(edge.offset_mm, 0, 0.25);
}

TEST(MeasureEvidence, SeesUnevenness) {
  // Halves of 0 and 40 HU: blocks of 7 x 7 x 3 voxels have a mean with the noise 15 / sqrt(147) = 1.2 HU, and
  // here an SD of about 20.
  PaintedCase c;
  c.add({c.middle_mm(), 12}, 0);
  const Geometry& g = c.ct.geometry();
  for (std::size_t n = 0; n < c.ct.voxels().size(); ++n) {
    const auto i = static_cast<std::int64_t>(n) % g.size.i;
    if (c.labels.voxels()[n] == kTumour && i >= g.size.i / 2) c.ct.voxels()[n] += 40;
  }
  c.add_noise(kNoiseHu);
  EXPECT_GT(measure_evidence(c.patch(), liver_of(110, kNoiseHu)).unevenness.value(), 5);
}

TEST(MeasureEvidence, CountsDenseAndGasVoxels) {
  PaintedCase c;
  const Vec3 middle = c.middle_mm();
  c.add({middle, 10}, 15);
  c.add_noise(kNoiseHu);
  // 15 + 5 * 15 = 90 is below 200, and 15 - 6 * 15 = -75 above -100: the absolute limits hold.
  for (std::int64_t n = 0; n < 5; ++n) c.ct[{32 + 2 * n, 36, 18}] = 400;
  for (std::int64_t n = 0; n < 4; ++n) c.ct[{32 + 2 * n, 40, 18}] = -300;
  c.ct[{2, 2, 2}] = 400, c.ct[{2, 2, 3}] = -300;  // outside the region
  RegionEvidence evidence = measure_evidence(c.patch(), liver_of(110, kNoiseHu));
  EXPECT_EQ(evidence.dense_voxels, 5);
  EXPECT_EQ(evidence.gas_voxels, 4);
  // With a noise of 80 HU the limits are some 415 and -465.
  evidence = measure_evidence(c.patch(), liver_of(110, 80));
  EXPECT_EQ(evidence.dense_voxels, 0);
  EXPECT_EQ(evidence.gas_voxels, 0);
}

// A tumour box of that many voxels in the middle.
LesionPatch box_patch(Int3 size, float liver_hu = 110) {
  PaintedCase c(liver_hu, grid({60, 60, 40}, {1, 1, 1.5}));
  const Int3 low{30 - size.i / 2, 30 - size.j / 2, 20 - size.k / 2};
  for (std::int64_t k = 0; k < size.k; ++k)
    for (std::int64_t j = 0; j < size.j; ++j)
      for (std::int64_t i = 0; i < size.i; ++i) {
        c.labels[low + Int3{i, j, k}] = kTumour;
        c.ct[low + Int3{i, j, k}] = 20;
      }
  c.add_noise(kNoiseHu);
  return c.patch();
}

TEST(MeasureEvidence, MeasuresRoundness) {
  PaintedCase c;
  c.label({c.middle_mm(), 12}, kTumour);
  const RegionEvidence ball = measure_evidence(c.patch(), liver_of(110, kNoiseHu));
  EXPECT_GT(ball.roundness, 0.97);
  EXPECT_NEAR(ball.diameter_mm, 24, 0.2);
  // A slab of a = 24 x b = 24 x c = 3 mm has the moments a^2 / 12 ..., so the ellipsoid of the same moments
  // the volume 4/3 pi 5^1.5 abc / 12^1.5 = 1.1266 abc; and the geometric over the arithmetic mean of the
  // moments, to the power 1.5, is abc / ((a^2 + b^2 + c^2) / 3)^1.5 = 1728 / 387^1.5 = 0.22697.
  const RegionEvidence slab = measure_evidence(box_patch({24, 24, 2}), liver_of(110, kNoiseHu));
  EXPECT_NEAR(slab.roundness, 0.22697 / 1.1266, 1e-4);
  EXPECT_NEAR(slab.diameter_mm, std::cbrt(6 * 1728 / std::numbers::pi), 1e-9);
}

void expect_finite(const RegionEvidence& evidence) {
  for (const double value : {evidence.diameter_mm, evidence.roundness, evidence.interior_error_hu})
    EXPECT_TRUE(std::isfinite(value));
  for (const auto& value :
       {evidence.interior_mean_hu, evidence.interior_std_hu, evidence.rim_excess_hu, evidence.unevenness}) {
    EXPECT_TRUE(std::isfinite(value.value_or(0)));
  }
  if (!evidence.edge) return;
  const EdgeFit& edge = *evidence.edge;
  for (const double value :
       {edge.core_hu, edge.surroundings_hu, edge.offset_mm, edge.width_mm, edge.error_mm})
    EXPECT_TRUE(std::isfinite(value));
}

TEST(MeasureEvidence, LeavesOpenWhatATinyRegionCannotTell) {
  const RegionEvidence one = measure_evidence(box_patch({1, 1, 1}), liver_of(110, kNoiseHu));
  EXPECT_FALSE(one.edge);
  EXPECT_FALSE(one.interior_std_hu);
  EXPECT_FALSE(one.unevenness);
  EXPECT_NEAR(one.diameter_mm, std::cbrt(6 * 1.5 / std::numbers::pi), 1e-9);
  for (const Int3 size : {Int3{1, 1, 1}, Int3{2, 1, 1}, Int3{1, 1, 2}, Int3{2, 2, 2}, Int3{1, 20, 1},
                          Int3{3, 3, 1}, Int3{1, 1, 30}}) {
    const RegionEvidence evidence = measure_evidence(box_patch(size), liver_of(110, kNoiseHu));
    expect_finite(evidence);
    // Blocks of 5 mm: only the lines of 20 and 45 mm have four.
    EXPECT_EQ(evidence.unevenness.has_value(), size.count() >= 20);
  }
}

TEST(MeasureEvidence, StaysFiniteOnEqualValues) {
  PaintedCase c(20);
  c.label({c.middle_mm(), 10}, kTumour);
  expect_finite(measure_evidence(c.patch(), liver_of(20, 0)));
  EXPECT_EQ(measure_evidence(c.patch(), liver_of(20, 0)).interior_std_hu, 0.0);
}

TEST(MeasureEvidence, NeedsLiverBesideTheRegionForItsBorder) {
  PaintedCase c;
  c.labels = LabelMap(c.ct.geometry());
  c.add({c.middle_mm(), 10}, 15);
  c.add_noise(kNoiseHu);
  const RegionEvidence evidence = measure_evidence(c.patch(), liver_of(110, kNoiseHu));
  EXPECT_FALSE(evidence.edge);
  EXPECT_FALSE(evidence.rim_excess_hu);
  EXPECT_NEAR(evidence.interior_mean_hu.value(), 15, 3 * evidence.interior_error_hu);
}

TEST(MeasureEvidence, TakesARegionThatFillsTheVolume) {
  PaintedCase c(15, grid({20, 20, 1}, {1, 1, 5}));
  c.labels = LabelMap(c.ct.geometry(), kTumour);
  c.add_noise(kNoiseHu);
  const RegionEvidence evidence = measure_evidence(c.patch(), liver_of(110, kNoiseHu));
  expect_finite(evidence);
  EXPECT_FALSE(evidence.edge);
  EXPECT_EQ(evidence.interior_voxels, 400);  // no border, so no voxel is near to it
}

}  // namespace
}  // namespace hepar
