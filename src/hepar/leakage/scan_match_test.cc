// SPDX-License-Identifier: Apache-2.0
#include "hepar/leakage/scan_match.h"

#include <gtest/gtest.h>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/imaging/box.h"
#include "hepar/imaging/resample.h"
#include "hepar/leakage/alignment.h"
#include "hepar/leakage/test_scan.h"
#include "hepar/volume/reorient.h"

namespace hepar {
namespace {
using leakage::test_scan;
using leakage::with_geometry;

// Turned voxels under an unchanged header.
CtVolume flipped(const CtVolume& ct, bool i, bool j, bool k) {
  AxisOrder order;
  order.flipped[0] = i, order.flipped[1] = j, order.flipped[2] = k;
  return with_geometry(reorient(ct, order), ct.geometry());
}

class ScanMatchTest : public testing::Test {
 protected:
  ScanMatch compare(const CtVolume& copy) const {
    return compare_scans(signature_, make_scan_signature(copy));
  }
  CtVolume scan_ = test_scan(1);
  ScanSignature signature_ = make_scan_signature(scan_);
};

TEST_F(ScanMatchTest, AScanIsItself) {
  const ScanMatch match = compare(scan_);
  EXPECT_NEAR(match.correlation, 1, 1e-3);
  EXPECT_TRUE(match.same_scan());
  EXPECT_FALSE(match.flipped_left_right || match.flipped_front_back || match.flipped_head_feet ||
               match.axes_exchanged);
  EXPECT_NEAR(match.slice_step, 1, 1e-3);
  EXPECT_EQ(match.slices_a.first, 0);
  EXPECT_EQ(match.slices_a.last, 59);
  EXPECT_EQ(match.slices_b.count(), 60);
}

TEST_F(ScanMatchTest, EveryFlipIsToldFromTheOthers) {
  for (int flips = 1; flips < 8; ++flips) {
    const bool i = (flips & 1) != 0, j = (flips & 2) != 0, k = (flips & 4) != 0;
    const ScanMatch match = compare(flipped(scan_, i, j, k));
    EXPECT_GT(match.correlation, 0.95) << flips;
    EXPECT_EQ(match.flipped_left_right, i) << flips;
    EXPECT_EQ(match.flipped_front_back, j) << flips;
    EXPECT_EQ(match.flipped_head_feet, k) << flips;
  }
}

TEST_F(ScanMatchTest, ATruthfulHeaderMakesNoFlip) {
  AxisOrder order;
  order.flipped[0] = order.flipped[2] = true;
  const ScanMatch match = compare(reorient(scan_, order));
  EXPECT_NEAR(match.correlation, 1, 1e-3);
  EXPECT_FALSE(match.flipped_left_right || match.flipped_head_feet);
}

TEST_F(ScanMatchTest, CroppedSlicesAreCounted) {
  const ScanMatch match = compare(crop(scan_, {{0, 0, 20}, {96, 80, 60}}));
  EXPECT_GT(match.correlation, 0.9);
  EXPECT_NEAR(static_cast<double>(match.slices_a.first), 20, 1);
  EXPECT_EQ(match.slices_a.last, 59);
  EXPECT_NEAR(static_cast<double>(match.slices_b.first), 0, 1);
  EXPECT_EQ(match.slices_b.last, 39);
}

TEST_F(ScanMatchTest, CroppedInThePlaneThroughTheBody) {
  EXPECT_GT(compare(crop(scan_, {{15, 10, 0}, {85, 75, 60}})).correlation, 0.85);
}

TEST_F(ScanMatchTest, SpacingAndSliceStepMayLie) {
  Geometry coarse = scan_.geometry();
  coarse.size.k = 30, coarse.spacing_mm.z = 6;
  const CtVolume thick = resample(scan_, coarse, Interpolation::kLinear, -1000);
  const ScanMatch match = compare(with_geometry(thick, {.spacing_mm = {1, 1, 1}}));
  EXPECT_GT(match.correlation, 0.9);
  EXPECT_NEAR(match.slice_step, 0.5, 0.02);
}

TEST_F(ScanMatchTest, OffsetsAndNoiseDoNotMatter) {
  CtVolume copy = scan_;
  Random random(5);
  for (float& value : copy.voxels()) value += static_cast<float>(1024 + random.normal(0, 10));
  EXPECT_GT(compare(copy).correlation, 0.9);
}

TEST_F(ScanMatchTest, SlicesMayBeRepeated) {
  // As when thick slices are stretched to thin ones: keypoints are the same in four slices.
  Geometry geometry = scan_.geometry();
  geometry.size.k = 48;
  CtVolume repeated(geometry);
  for (std::int64_t k = 0; k < 48; ++k)
    for (std::int64_t j = 0; j < geometry.size.j; ++j)
      for (std::int64_t i = 0; i < geometry.size.i; ++i) repeated[{i, j, k}] = scan_[{i, j, k / 4 * 5}];
  const ScanSignature signature = make_scan_signature(repeated);
  EXPECT_GT(compare_scans(signature, signature).correlation, 0.9);
  EXPECT_GT(compare_scans(signature, make_scan_signature(flipped(repeated, true, true, true))).correlation,
            0.9);
}

TEST_F(ScanMatchTest, AllAtOnce) {
  CtVolume copy = flipped(crop(scan_, {{10, 0, 10}, {96, 80, 60}}), true, false, true);
  Random random(6);
  for (float& value : copy.voxels()) value += static_cast<float>(30 + random.normal(0, 10));
  const ScanMatch match = compare(with_geometry(copy, {.spacing_mm = {1, 1, 1}}));
  EXPECT_GT(match.correlation, 0.8);
  EXPECT_TRUE(match.flipped_left_right && !match.flipped_front_back && match.flipped_head_feet);
}

TEST_F(ScanMatchTest, AxesMayBeExchanged) {
  AxisOrder order;
  order.source_axis[0] = 2, order.source_axis[2] = 0;
  const ScanMatch match = compare(with_geometry(reorient(scan_, order), {.spacing_mm = {1, 1, 1}}));
  EXPECT_GT(match.correlation, 0.9);
  EXPECT_TRUE(match.axes_exchanged);
}

TEST_F(ScanMatchTest, AnotherPatientIsAnother) {
  for (const std::uint64_t seed : {2U, 3U, 4U, 5U})
    EXPECT_LT(compare(test_scan(seed)).correlation, 0.4) << seed;
}

TEST_F(ScanMatchTest, AlignmentOfAMirroredCopy) {
  const ScanSignature copy = make_scan_signature(flipped(scan_, true, false, true));
  const auto alignment = leakage::align(signature_, copy);
  ASSERT_TRUE(alignment.has_value());
  // Column x goes to width - 1 - x and slab n to slabs - 1 - n.
  EXPECT_NEAR(alignment->xx, -1, 0.01);
  EXPECT_NEAR(alignment->yy, 1, 0.01);
  EXPECT_NEAR(alignment->xy, 0, 0.01);
  EXPECT_NEAR(alignment->x, static_cast<double>(copy.width - 1), 1);
  EXPECT_NEAR(alignment->slab_slope, -1, 0.01);
  EXPECT_NEAR(alignment->slab_shift, static_cast<double>(copy.slabs - 1), 0.5);
  EXPECT_GE(alignment->points, 100);
}

TEST_F(ScanMatchTest, TheNumberOfThreadsChangesNothing) {
  const int threads = thread_count();
  set_thread_count(1);
  const ScanSignature alone = make_scan_signature(scan_);
  set_thread_count(threads);
  EXPECT_EQ(alone.contrast, signature_.contrast);
  ASSERT_EQ(alone.points.size(), signature_.points.size());
  for (std::size_t n = 0; n < alone.points.size(); ++n)
    EXPECT_EQ(alone.points[n].keypoint.descriptor, signature_.points[n].keypoint.descriptor);
}

TEST_F(ScanMatchTest, FewSlicesOrNothingToSeeAreNotCompared) {
  const ScanSignature few = make_scan_signature(crop(scan_, {{0, 0, 0}, {96, 80, kFewestSlices - 1}}));
  EXPECT_FALSE(few.comparable());
  EXPECT_TRUE(make_scan_signature(crop(scan_, {{0, 0, 0}, {96, 80, kFewestSlices}})).comparable());
  EXPECT_FALSE(make_scan_signature(CtVolume({.size = {30, 30, 30}}, -1000.0F)).comparable());
  EXPECT_THROW(compare_scans(signature_, few), Error);
}

}  // namespace
}  // namespace hepar
