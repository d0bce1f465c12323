// SPDX-License-Identifier: Apache-2.0
#include "hepar/plan/preprocess.h"

#include <gtest/gtest.h>

#include "hepar/core/error.h"
#include "hepar/core/random.h"
#include "hepar/plan/default_plan.h"

namespace hepar {
namespace {

ModelPlan plan_with_spacing(double d, double h, double w) {
  ModelPlan plan = default_plan();
  plan.spacing_mm = {d, h, w};
  return plan;
}

CtVolume noise_ct(Int3 size, Vec3 spacing_mm) {
  CtVolume ct(Geometry{.size = size, .spacing_mm = spacing_mm, .origin_mm = {-50, 20, 7}});
  Random random(3);
  for (float& v : ct.voxels()) v = static_cast<float>(random.uniform(-300, 400));
  return ct;
}

TEST(NetworkGrid, RoundsHalfToEvenOverTheSameField) {
  // 5 * 1.5 / 3 = 2.5 -> 2, 7 * 1.5 / 3 = 3.5 -> 4, 10 * 2.5 / 1 = 25; plan spacings are (d, h, w) = (k, j,
  // i).
  const Geometry scan{.size = {5, 7, 10}, .spacing_mm = {1.5, 1.5, 2.5}};
  ModelPlan plan = plan_with_spacing(1, 3, 3);
  plan.orientation = "";
  const Geometry grid = network_grid(scan, plan);
  EXPECT_EQ(grid.size, (Int3{2, 4, 25}));
  // The same field: 5 * 1.5 mm over 2 voxels, 7 * 1.5 mm over 4.
  EXPECT_DOUBLE_EQ(grid.spacing_mm.x, 3.75);
  EXPECT_DOUBLE_EQ(grid.spacing_mm.y, 2.625);
  // Outer faces coincide: the first centre moves from 0.75 to 1.875 mm inside the face.
  EXPECT_NEAR(grid.origin_mm.x, 1.875 - 0.75, 1e-12);
}

TEST(Preprocess, NormalizesByHandAtEqualSpacing) {
  ModelPlan plan = plan_with_spacing(3, 3, 3);
  plan.orientation = "LPS";
  plan.intensities = {{-160, 240, 40, 80}};
  CtVolume ct(Geometry{.size = {3, 1, 1}, .spacing_mm = {3, 3, 3}});
  ct[{0, 0, 0}] = -1000;
  ct[{1, 0, 0}] = 100;
  ct[{2, 0, 0}] = 3000;
  const PreprocessedCase result = preprocess(ct, plan);
  EXPECT_EQ((result.image[{0, 0, 0}]), -2.5F);  // (-160 - 40) / 80
  EXPECT_EQ((result.image[{1, 0, 0}]), 0.75F);  // (100 - 40) / 80
  EXPECT_EQ((result.image[{2, 0, 0}]), 2.5F);   // (240 - 40) / 80
}

TEST(Preprocess, BringsAxesToThePlansOrientation) {
  // The world is LPS; RAS runs backwards along i and j.
  const CtVolume ct = noise_ct({4, 5, 3}, {3, 3, 3});
  ModelPlan plan = plan_with_spacing(3, 3, 3);
  plan.intensities = {{-1000, 1000, 0, 1}};
  const PreprocessedCase result = preprocess(ct, plan);
  EXPECT_EQ((result.image[{0, 0, 0}]), (ct[{3, 4, 0}]));
  EXPECT_EQ((result.image[{1, 4, 2}]), (ct[{2, 0, 2}]));
  EXPECT_EQ(reorient(result.reoriented, inverse(result.order)), ct.geometry());
  EXPECT_FALSE(grid_difference(result.image.geometry(), network_grid(ct.geometry(), plan)));
}

TEST(Preprocess, FlippedScanGivesTheSameImage) {
  const CtVolume ct = noise_ct({12, 9, 8}, {1.7, 2.1, 4});
  const AxisOrder flip{{2, 0, 1}, {true, false, true}};
  const ModelPlan plan = default_plan();
  const PreprocessedCase straight = preprocess(ct, plan);
  const PreprocessedCase flipped = preprocess(reorient(ct, flip), plan);
  ASSERT_EQ(straight.image.size(), flipped.image.size());
  for (std::size_t v = 0; v < straight.image.voxels().size(); ++v) {
    ASSERT_EQ(straight.image.voxels()[v], flipped.image.voxels()[v]);
  }
}

TEST(Preprocess, RefusesOtherNormalizations) {
  ModelPlan plan = default_plan();
  plan.normalization_schemes = {"ZScoreNormalization"};
  try {
    preprocess(noise_ct({4, 4, 4}, {3, 3, 3}), plan);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUnsupported);
    EXPECT_NE(std::string(error.what()).find("ZScoreNormalization"), std::string::npos);
  }
}

TEST(PreprocessLabels, LastLabelWithHalfTheVoxelWins) {
  // Two voxels of 3 mm become one of 6 mm whose centre lies midway: each mask is 0.5 there, so label 2,
  // which is written after label 0, has it.
  LabelMap labels(Geometry{.size = {4, 1, 1}, .spacing_mm = {3, 6, 6}});
  labels.voxels()[1] = 2;
  ModelPlan plan = plan_with_spacing(6, 6, 6);
  plan.orientation = "LPS";
  const LabelMap result = preprocess_labels(labels, plan);
  ASSERT_EQ(result.size(), (Int3{2, 1, 1}));
  EXPECT_EQ(result.voxels()[0], 2);
  EXPECT_EQ(result.voxels()[1], 0);
}

TEST(PreprocessLabels, StaysAlignedWithTheImage) {
  CtVolume ct(Geometry{.size = {20, 16, 12}, .spacing_mm = {2, 2, 3}}, 0);
  LabelMap labels(ct.geometry());
  for (std::int64_t k = 4; k < 8; ++k) {
    for (std::int64_t j = 2; j < 9; ++j) {
      for (std::int64_t i = 10; i < 18; ++i) ct[{i, j, k}] = 100, labels[{i, j, k}] = 1;
    }
  }
  ModelPlan plan = default_plan();
  plan.intensities = {{-1000, 1000, 50, 50}};
  const Volume<float> image = preprocess(ct, plan).image;
  const LabelMap truth = preprocess_labels(labels, plan);
  // Inside 1, outside -1. Cubic and linear agree on faces and edges; they may differ at the box's 8 corners,
  // where the product of three linear edges falls faster. A shift of one voxel would change some 50.
  std::size_t different = 0;
  for (std::size_t v = 0; v < truth.voxels().size(); ++v) {
    different += (image.voxels()[v] > 0) != (truth.voxels()[v] == 1) ? 1 : 0;
  }
  EXPECT_LE(different, 8U);
}

}  // namespace
}  // namespace hepar
