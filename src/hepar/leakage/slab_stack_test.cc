// SPDX-License-Identifier: Apache-2.0
#include "hepar/leakage/slab_stack.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "hepar/leakage/test_scan.h"
#include "hepar/volume/reorient.h"

namespace hepar::leakage {
namespace {

// A square bar of tissue (50 HU), 50 x 50 of 100 x 100 voxels, in air.
CtVolume bar(std::int64_t slices, Vec3 spacing_mm) {
  CtVolume ct({.size = {100, 100, slices}, .spacing_mm = spacing_mm}, -1000.0F);
  for (std::int64_t k = 0; k < slices; ++k)
    for (std::int64_t j = 25; j < 75; ++j)
      for (std::int64_t i = 25; i < 75; ++i) ct[{i, j, k}] = 50;
  return ct;
}

TEST(TissueLevels, TellAirFromTissueWhateverWasAdded) {
  for (const float offset : {0.0F, 1024.0F, -500.0F}) {
    CtVolume ct = bar(10, {1, 1, 1});
    for (float& value : ct.voxels()) value += offset;
    const TissueLevels levels = tissue_levels(ct);
    EXPECT_NEAR(levels.tissue, 50 + offset, 1e-3);
    EXPECT_NEAR(levels.threshold, -475 + offset, 1e-3);
    EXPECT_NEAR(levels.share, 0.25, 1e-3);
  }
}

TEST(TissueLevels, PaddingAndMetalAreNoClasses) {
  CtVolume ct = bar(10, {1, 1, 1});
  for (std::int64_t k = 0; k < 10; ++k)
    for (std::int64_t n = 0; n < 1500; ++n) ct[{n % 100, n / 100, k}] = -3024;
  EXPECT_NEAR(tissue_levels(ct).threshold, -475, 1e-3);
  CtVolume metal = bar(10, {1, 1, 1});
  for (std::int64_t n = 0; n < 300; ++n) metal[{25 + n % 50, 40 + n / 50, 5}] = 3000;
  // 300 of 25000 voxels of tissue lift its mean by 1.2 % of 2950 HU.
  EXPECT_NEAR(tissue_levels(metal).tissue, 50 + 0.012 * 2950, 5);
}

TEST(SlabStack, ScaleIsTheBodysWhateverTheSpacing) {
  for (const double mm : {0.5, 1.0, 7.0}) {
    // A quarter of the pixels is tissue: 96^2 of 192^2.
    const SlabStack stack = make_slab_stack(bar(60, {mm, mm, 1}));
    EXPECT_EQ(stack.width, 192);
    EXPECT_EQ(stack.height, 192);
    // And the pixels that the rim halves.
    const double inside = std::accumulate(stack.inside.begin(), stack.inside.end(), 0.0);
    EXPECT_NEAR(std::sqrt(inside / static_cast<double>(stack.count)), 97, 1.5);
    EXPECT_FALSE(stack.axes_exchanged);
  }
}

TEST(SlabStack, SlabsAreAboutFourMillimetres) {
  EXPECT_EQ(make_slab_stack(bar(129, {1, 1, 1.6})).slices_per_slab,
            2);  // 2.5 would be, but 48 slabs are wanted
  EXPECT_EQ(make_slab_stack(bar(300, {1, 1, 1})).count, 75);
  EXPECT_EQ(make_slab_stack(bar(20, {1, 1, 0.5})).count, 20);
  EXPECT_EQ(make_slab_stack(bar(300, {1, 1, 5})).slices_per_slab, 3);  // 128 slabs at most
}

TEST(SlabStack, PixelsAreCutToFatOrgansAndBone) {
  CtVolume ct = bar(10, {1, 1, 1});
  ct[{50, 50, 5}] = 3000;
  const SlabStack stack = make_slab_stack(ct);
  const auto [low, high] = std::minmax_element(stack.pixels.begin(), stack.pixels.end());
  EXPECT_NEAR(*low, -1, 1e-5);  // air
  EXPECT_LE(*high, 1 + 1e-5F);
  EXPECT_NEAR(stack.picture(0)[static_cast<std::size_t>(96 + 96 * stack.width)], 0, 0.05);  // mean tissue
}

TEST(SlabStack, BodyEnclosesAirAndLeavesOutTheCouch) {
  CtVolume ct = bar(10, {1, 1, 1});
  for (std::int64_t k = 0; k < 10; ++k)
    for (std::int64_t n = 0; n < 100; ++n) {
      ct[{45 + n % 10, 45 + n / 10, k}] = -900;  // lung
      ct[{n, 90, k}] = 100;                      // couch
    }
  const SlabStack stack = make_slab_stack(ct);
  const auto at = [&](double i, double j) {
    const auto scale = static_cast<double>(stack.width) / 100;
    return stack.body(5)[static_cast<std::size_t>(scale * i) +
                         static_cast<std::size_t>(scale * j) * static_cast<std::size_t>(stack.width)];
  };
  EXPECT_EQ(at(50, 50), 1);
  EXPECT_EQ(at(30, 30), 1);
  EXPECT_EQ(at(50, 90.5), 0);
  EXPECT_EQ(at(10, 50), 0);
}

TEST(SlabStack, FindsTheSliceAxisByTheBodyThatRunsThrough) {
  const CtVolume ct = test_scan(1);
  AxisOrder order;
  order.source_axis[0] = 2, order.source_axis[1] = 0, order.source_axis[2] = 1;
  const CtVolume turned = reorient(ct, order);
  const SlabStack stack = make_slab_stack(with_geometry(turned, {.spacing_mm = {1, 1, 1}}));
  EXPECT_TRUE(stack.axes_exchanged);
  EXPECT_EQ(stack.slices, 60);
  // With its true directions it is seen as it was.
  EXPECT_FALSE(make_slab_stack(turned).axes_exchanged);
  const SlabStack seen = make_slab_stack(turned), original = make_slab_stack(ct);
  ASSERT_EQ(seen.pixels.size(), original.pixels.size());
  double sum = 0;  // the levels come from another sample of the voxels
  for (std::size_t n = 0; n < seen.pixels.size(); ++n)
    sum += std::abs(static_cast<double>(seen.pixels[n] - original.pixels[n]));
  EXPECT_LT(sum / static_cast<double>(seen.pixels.size()), 0.01);
}

TEST(SlabStack, AVolumeOfOneValueHasNoBody) {
  const SlabStack stack = make_slab_stack(CtVolume({.size = {5, 1, 9}}, 0.0F));
  EXPECT_EQ(std::accumulate(stack.inside.begin(), stack.inside.end(), 0), 0);
}

}  // namespace
}  // namespace hepar::leakage
