// SPDX-License-Identifier: Apache-2.0
#include "hepar/plan/preprocess.h"

#include <gtest/gtest.h>

#include <functional>

#include "hepar/core/error.h"
#include "hepar/core/random.h"
#include "hepar/io/image_io.h"
#include "hepar/plan/default_plan.h"
#include "hepar/plan/test_upstream_case.h"

namespace hepar {
namespace {

UpstreamCase read_upstream_case(const std::filesystem::path& folder) {
  return upstream_case(folder, read_ct(folder / "input" / "test_000_0000.nii.gz").voxels);
}

ModelPlan plan_with_spacing(double d, double h, double w) {
  ModelPlan plan = default_plan();
  plan.spacing_mm = {d, h, w};
  plan.orientation = "";
  plan.intensities = {{-1000, 1000, 0, 1}};
  return plan;
}

CtVolume noise_ct(Int3 size, Vec3 spacing_mm, std::uint64_t seed = 3) {
  CtVolume ct(Geometry{.size = size, .spacing_mm = spacing_mm, .origin_mm = {-50, 20, 7}});
  Random random(seed);
  for (float& v : ct.voxels()) v = static_cast<float>(random.uniform(-300, 400));
  return ct;
}

// Voxel (i, j, k) of a channel.
float at(const PreprocessedCase& prepared, Int3 index, std::int64_t channel = 0) {
  const TensorShape& shape = prepared.image.shape;
  return prepared.image.values[static_cast<std::size_t>(
      ((channel * shape.d + index.k) * shape.h + index.j) * shape.w + index.i)];
}

void expect_error(ErrorCode code, const std::string& part, const std::function<void()>& action) {
  try {
    action();
    FAIL() << "no error with '" << part << "'";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code);
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
}

TEST(Preprocess, EqualsUpstreamWhereItCropsToNonzero) {
  expect_equal_to_upstream(read_upstream_case(HEPAR_GOLDEN "/nnunet/case2_regions_crop_pad_ensemble"));
}

TEST(Preprocess, EqualsUpstreamWhereItTransposesAndTakesSlicesApart) {
  expect_equal_to_upstream(read_upstream_case(HEPAR_GOLDEN "/nnunet/case4_resenc_transposed_sepz"));
}

TEST(Preprocess, NormalizesByHandAtEqualSpacing) {
  ModelPlan plan = plan_with_spacing(3, 3, 3);
  plan.intensities = {{-160, 240, 40, 80}};
  CtVolume ct(Geometry{.size = {3, 1, 1}, .spacing_mm = {3, 3, 3}});
  ct[{0, 0, 0}] = -1000;
  ct[{1, 0, 0}] = 100;
  ct[{2, 0, 0}] = 3000;
  const PreprocessedCase result = preprocess(ct, plan);
  // (-160 - 40) / 80, (100 - 40) / 80, (240 - 40) / 80
  EXPECT_EQ(result.image.values, (std::vector<float>{-2.5F, 0.75F, 2.5F}));
}

TEST(Preprocess, BringsAxesToThePlansOrientation) {
  // The world is LPS; RAS runs backwards along i and j.
  const CtVolume ct = noise_ct({4, 5, 3}, {3, 3, 3});
  ModelPlan plan = plan_with_spacing(3, 3, 3);
  plan.orientation = "RAS";
  const PreprocessedCase result = preprocess(ct, plan);
  EXPECT_EQ(at(result, {0, 0, 0}), (ct[{3, 4, 0}]));
  EXPECT_EQ(at(result, {1, 4, 2}), (ct[{2, 0, 2}]));
  EXPECT_EQ(reorient(result.reordered, inverse(result.order)), ct.geometry());
}

TEST(Preprocess, TransposesTheArrayAxes) {
  // Network axes d, h, w run along array axes 2, 0, 1 (i, k, j): voxel (i, j, k) of the scan is (j, k, i) of
  // it.
  const CtVolume ct = noise_ct({4, 5, 3}, {3, 2, 1});
  ModelPlan plan = plan_with_spacing(3, 1, 2);
  plan.transpose_forward = {2, 0, 1};
  const PreprocessedCase result = preprocess(ct, plan);
  EXPECT_EQ(result.image.shape, (TensorShape{1, 1, 4, 3, 5}));
  EXPECT_EQ(at(result, {4, 2, 1}), (ct[{1, 4, 2}]));
  EXPECT_EQ(result.reordered.spacing_mm, (Vec3{2, 1, 3}));
  // Oriented first, then transposed: RAS turns i and j around.
  plan.orientation = "RAS";
  EXPECT_EQ(at(preprocess(ct, plan), {4, 2, 1}), (ct[{3 - 1, 4 - 4, 2}]));
}

TEST(Preprocess, FlippedScanGivesTheSameImage) {
  const CtVolume ct = noise_ct({12, 9, 8}, {1.7, 2.1, 4});
  const AxisOrder flip{{2, 0, 1}, {true, false, true}};
  const ModelPlan plan = default_plan();
  const PreprocessedCase straight = preprocess(ct, plan);
  const PreprocessedCase flipped = preprocess(reorient(ct, flip), plan);
  EXPECT_EQ(straight.image.shape, flipped.image.shape);
  EXPECT_EQ(straight.image.values, flipped.image.values);
}

TEST(Preprocess, CropsToWhatIsNotZeroInAnyChannel) {
  std::vector<CtVolume> channels(2, CtVolume(Geometry{.size = {8, 7, 6}, .spacing_mm = {1, 1, 1}}));
  channels[0][{2, 3, 1}] = 5;
  channels[1][{6, 3, 4}] = -7;
  ModelPlan plan = plan_with_spacing(1, 1, 1);
  plan.normalization_schemes = {"NoNormalization", "NoNormalization"};
  plan.orientation = "RAS";  // i and j backwards: 2..6 of 8 become 1..5, 3 of 7 stays 3
  const PreprocessedCase result = preprocess(channels, plan);
  EXPECT_EQ(result.crop, (Box3{{1, 3, 1}, {6, 4, 5}}));
  ASSERT_EQ(result.image.shape, (TensorShape{1, 2, 4, 1, 5}));
  EXPECT_EQ(at(result, {4, 0, 0}, 0), 5);
  EXPECT_EQ(at(result, {0, 0, 3}, 1), -7);
  EXPECT_EQ(reordered_box(result.crop, {8, 7, 6}, inverse(result.order)), (Box3{{2, 3, 1}, {7, 4, 5}}));
  // Nothing at all: the whole grid.
  const CtVolume empty(Geometry{.size = {3, 4, 5}});
  plan.normalization_schemes.pop_back();
  EXPECT_EQ(preprocess(empty, plan).crop, (Box3{{0, 0, 0}, {3, 4, 5}}));
}

TEST(Preprocess, NormalizesInsideTheMaskWhereThePlanSaysSo) {
  // The last voxel is cut off; the zero between is at the volume's face, so outside. Of 3 and 5 the mean is 4
  // and the SD 1; of 3, 0 and 5 they are 8/3 and sqrt(38/9).
  CtVolume image(Geometry{.size = {4, 1, 1}});
  image.voxels()[0] = 3, image.voxels()[2] = 5;
  ModelPlan plan = plan_with_spacing(1, 1, 1);
  plan.normalization_schemes = {"ZScoreNormalization"};
  plan.use_mask_for_norm = {true};
  EXPECT_EQ(preprocess(image, plan).image.values, (std::vector<float>{-1, 0, 1}));
  plan.use_mask_for_norm = {false};
  const auto whole = preprocess(image, plan).image.values;
  EXPECT_NEAR(whole[0], (3 - 8.0 / 3) / std::sqrt(38.0 / 9), 1e-6);
  EXPECT_NEAR(whole[1], -8.0 / 3 / std::sqrt(38.0 / 9), 1e-6);
}

TEST(Preprocess, SlicesOfA2dModelKeepTheirDistance) {
  ModelPlan plan = plan_with_spacing(0, 1, 2);
  plan.two_dimensional = true;
  const PreprocessedCase result = preprocess(noise_ct({8, 6, 5}, {1, 2, 7}), plan);
  EXPECT_EQ(result.image.shape, (TensorShape{1, 1, 5, 12, 4}));
  // 7 mm against 1 mm: the slices are resampled apart, so one that is constant stays so.
  CtVolume ct = noise_ct({8, 6, 5}, {1, 2, 7});
  std::fill_n(&ct[{0, 0, 2}], 48, 25.0F);
  const PreprocessedCase apart = preprocess(ct, plan);
  for (std::int64_t n = 0; n < 48; ++n) EXPECT_EQ(at(apart, {n % 4, n / 4, 2}), 25);
}

TEST(Preprocess, NamesWhatIsWrongWithTheChannels) {
  ModelPlan plan = plan_with_spacing(3, 3, 3);
  const CtVolume ct = noise_ct({4, 4, 4}, {3, 3, 3});
  expect_error(ErrorCode::kInvalidInput, "sees 1 image channel and got 2", [&] {
    preprocess(std::vector{ct, ct}, plan);
  });
  plan.normalization_schemes.assign(2, "CTNormalization");
  plan.intensities.assign(2, {});
  expect_error(ErrorCode::kInvalidInput, "sees 2 image channels and got 1", [&] { preprocess(ct, plan); });
  expect_error(ErrorCode::kInvalidInput, "Channel 1 lies on another grid", [&] {
    preprocess(std::vector{ct, noise_ct({4, 4, 4}, {3, 3, 4})}, plan);
  });
}

TEST(Preprocess, RefusesWhatItCannotDo) {
  const CtVolume ct = noise_ct({4, 4, 4}, {3, 3, 30});
  ModelPlan plan = plan_with_spacing(3, 3, 3);
  plan.normalization_schemes = {"MyNormalization"};
  expect_error(ErrorCode::kUnsupported, "MyNormalization", [&] { preprocess(ct, plan); });
  plan = plan_with_spacing(3, 3, 3);
  plan.image_resampling.order_z = 1;
  expect_error(ErrorCode::kUnsupported, "order_z 1", [&] { preprocess(ct, plan); });
  plan = plan_with_spacing(100, 3, 3);
  plan.image_resampling.force_separate_z = false;
  EXPECT_EQ(preprocess(ct, plan).image.shape.d, 1);
  plan.spacing_mm[2] = 30;
  expect_error(ErrorCode::kInvalidInput, "4 voxels of 3.000 mm make no voxel of 30.000 mm",
               [&] { preprocess(ct, plan); });
}

TEST(NetworkGrid, RoundsHalfToEvenOverTheSameField) {
  // 5 * 1.5 / 3 = 2.5 -> 2, 7 * 1.5 / 3 = 3.5 -> 4, 10 * 2.5 / 1 = 25.
  const CtVolume scan(Geometry{.size = {5, 7, 10}, .spacing_mm = {1.5, 1.5, 2.5}}, 1);
  const Geometry grid = network_grid(preprocess(scan, plan_with_spacing(1, 3, 3)));
  EXPECT_EQ(grid.size, (Int3{2, 4, 25}));
  // The same field: 5 * 1.5 mm over 2 voxels, 7 * 1.5 mm over 4.
  EXPECT_DOUBLE_EQ(grid.spacing_mm.x, 3.75);
  EXPECT_DOUBLE_EQ(grid.spacing_mm.y, 2.625);
  // Outer faces coincide: the first centre moves from 0.75 to 1.875 mm inside the face.
  EXPECT_NEAR(grid.origin_mm.x, 1.875 - 0.75, 1e-12);
}

TEST(PreprocessLabels, LastLabelWithHalfTheVoxelWins) {
  // Two voxels of 3 mm become one of 6 mm whose centre lies midway: each mask is 0.5 there, so label 2,
  // which is written after label 0, has it.
  const CtVolume ct(Geometry{.size = {4, 1, 1}, .spacing_mm = {3, 6, 6}}, 1);
  WideLabelMap labels(ct.geometry());
  labels.voxels()[1] = 400;
  const ModelPlan plan = plan_with_spacing(6, 6, 6);
  const PreprocessedCase prepared = preprocess(ct, plan);
  EXPECT_EQ(preprocess_labels(labels, {&ct, 1}, prepared, plan), (std::vector<std::int16_t>{400, 0}));
  labels.voxels()[1] = 32768;
  expect_error(ErrorCode::kUnsupported, "32768", [&] {
    preprocess_labels(labels, {&ct, 1}, prepared, plan);
  });
  expect_error(ErrorCode::kInvalidInput, "another grid", [&] {
    preprocess_labels(LabelMap(Geometry{.size = {5, 1, 1}}), {&ct, 1}, prepared, plan);
  });
}

TEST(PreprocessLabels, BackgroundOutsideThePatientIsMinusOne) {
  // Zeros at the right; the one inside is a hole only in 3-D.
  CtVolume ct(Geometry{.size = {5, 3, 3}, .spacing_mm = {1, 1, 1}}, 9);
  for (std::int64_t n = 0; n < 9; ++n) ct[{4, n % 3, n / 3}] = n == 0 ? 9 : 0;
  ct[{1, 1, 1}] = 0;
  LabelMap labels(ct.geometry());
  labels[{4, 2, 2}] = 3;
  const ModelPlan plan = plan_with_spacing(1, 1, 1);
  const auto result = preprocess_labels(labels, {&ct, 1}, preprocess(ct, plan), plan);
  EXPECT_EQ(result[1 + 5 * (1 + 3 * 1)], 0);
  EXPECT_EQ(result[4], 0);
  EXPECT_EQ(result[4 + 5 * 1], -1);
  EXPECT_EQ(result[4 + 5 * (2 + 3 * 2)], 3);  // a label stays
  EXPECT_EQ(std::count(result.begin(), result.end(), -1), 7);
}

TEST(PreprocessLabels, StaysAlignedWithTheImage) {
  CtVolume ct(Geometry{.size = {20, 16, 12}, .spacing_mm = {2, 2, 3}}, 1);
  LabelMap labels(ct.geometry());
  for (std::int64_t k = 4; k < 8; ++k) {
    for (std::int64_t j = 2; j < 9; ++j) {
      for (std::int64_t i = 10; i < 18; ++i) ct[{i, j, k}] = 101, labels[{i, j, k}] = 1;
    }
  }
  ModelPlan plan = default_plan();
  plan.intensities = {{-1000, 1000, 51, 50}};
  const PreprocessedCase prepared = preprocess(ct, plan);
  const auto truth = preprocess_labels(labels, {&ct, 1}, prepared, plan);
  // Inside 1, outside -1. Cubic and linear agree on faces and edges; they may differ at the box's 8 corners,
  // where the product of three linear edges falls faster. A shift of one voxel would change some 50.
  std::size_t different = 0;
  for (std::size_t v = 0; v < truth.size(); ++v) {
    different += (prepared.image.values[v] > 0) != (truth[v] == 1) ? 1 : 0;
  }
  EXPECT_LE(different, 8U);
}

TEST(AppendPreviousStage, AddsAChannelForEachLabel) {
  // The first column is cut off, pairs of the others become one voxel.
  CtVolume ct(Geometry{.size = {5, 1, 1}, .spacing_mm = {1, 2, 2}}, 40);
  ct.voxels()[0] = 0;
  WideLabelMap previous(ct.geometry());
  previous.voxels()[0] = 2, previous.voxels()[1] = previous.voxels()[2] = 1;
  previous.voxels()[3] = 1, previous.voxels()[4] = 2;
  const ModelPlan plan = plan_with_spacing(2, 2, 2);
  PreprocessedCase prepared = preprocess(ct, plan);
  append_previous_stage(prepared, previous, plan, {1, 2});
  EXPECT_EQ(prepared.image.shape, (TensorShape{1, 3, 1, 1, 2}));
  EXPECT_EQ(prepared.image.values, (std::vector<float>{40, 40, 1, 0, 0, 1}));
}

}  // namespace
}  // namespace hepar
