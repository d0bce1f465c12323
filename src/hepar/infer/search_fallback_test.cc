// SPDX-License-Identifier: Apache-2.0
// When a search near the liver is given up, or not made.

#include <gtest/gtest.h>

#include <algorithm>

#include "hepar/infer/test_search.h"

namespace hepar {
namespace {

TEST(LiverFirst, TakesAllWindowsWhenGrowingTwiceWouldNotDo) {
  const CtVolume ct = liver_to(30);
  const Model model = model_with_coarse(half_blind);
  SearchRecord record;
  EXPECT_EQ(voxels(model.predict(ct, near_liver(record))), voxels(model.predict(ct, {.mirror = false})));
  EXPECT_EQ(record.passes, 3);
  EXPECT_NE(record.fallback.find("2 times"), std::string::npos) << record.fallback;
  EXPECT_EQ(record.effective, Search::kBody);
  EXPECT_EQ(record.windows_covered, record.windows);  // no air
  EXPECT_GT(record.windows_run, record.windows);
}

// 16 voxels: 3 windows of 8 along each axis. The coarse finding is a cube; a lobe along each axis reaches to
// the far end, so that after the first pass 3 voxels around them are wanted: a part of every window.
TEST(LiverFirst, TakesAllWindowsAtOnceWhenMostWouldRunAgain) {
  CtVolume ct({.size = {16, 16, 16}, .spacing_mm = {10, 10, 10}}, -100);
  fill(ct, {{0, 0, 0}, {7, 7, 7}}, 80);
  fill(ct, {{7, 4, 4}, {16, 7, 7}}, 95);
  fill(ct, {{4, 7, 4}, {7, 16, 7}}, 95);
  fill(ct, {{4, 4, 7}, {7, 7, 16}}, 95);
  SearchRecord record;
  EXPECT_EQ(voxels(model_with_coarse(half_blind).predict(ct, near_liver(record))),
            voxels(model_with_coarse(half_blind).predict(ct, {.mirror = false})));
  EXPECT_EQ(record.passes, 2);
  EXPECT_EQ(record.windows_run, 8 + 27);
  EXPECT_NE(record.fallback.find("27 of 27"), std::string::npos) << record.fallback;
}

// The coarse model takes a spleen of 30 HU for the liver.
Tensor spleen_for_liver(const Tensor& input) {
  Tensor seen = input;
  for (float& hu : seen.values) hu = hu > 20 && hu < 40 ? 80 : 0;
  return thresholds(seen);
}

TEST(LiverFirst, TakesAllWindowsWhenThereIsNoLiverNearTheCoarseFinding) {
  CtVolume ct = body_with_liver({{2, 2, 2}, {11, 11, 11}});
  fill(ct, {{20, 20, 20}, {28, 28, 28}}, 30);
  const Model model = model_with_coarse(spleen_for_liver);
  SearchRecord record;
  const auto found = voxels(model.predict(ct, near_liver(record)));
  EXPECT_EQ(found, voxels(model.predict(ct, {.mirror = false})));
  EXPECT_EQ(std::count(found.begin(), found.end(), kLiver), 9 * 9 * 9);
  EXPECT_EQ(record.passes, 2);
  EXPECT_EQ(record.windows_covered, record.windows);
  EXPECT_NE(record.fallback.find("a liver of 0 mL was found where the coarse pass had one of 512 mL"),
            std::string::npos)
      << record.fallback;
}

TEST(LiverFirst, TakesAllWindowsWhenTheVolumesDifferTooMuch) {
  const struct {
    Box3 seen, unseen;  // by the coarse model
    const char* said;
  } kinds[] = {// 343 mL and 343 + 363 mL
               {{{2, 2, 2}, {9, 9, 9}}, {{9, 0, 0}, {12, 11, 11}}, "of 706 mL"},
               // Less than half of the finding; and more, but less than any liver.
               {{{2, 2, 2}, {9, 9, 9}}, {{2, 2, 2}, {9, 9, 6}}, "of 147 mL"},
               {{{2, 2, 2}, {9, 9, 9}}, {{2, 2, 2}, {9, 9, 4}}, "of 245 mL"}};
  for (const auto& kind : kinds) {
    CtVolume ct = body_with_liver(kind.seen);
    const bool grows = kind.unseen.low.i == kind.seen.high.i;
    fill(ct, kind.unseen, grows ? 95.0F : 30.0F);
    const FakeNetwork coarse = [grows](const Tensor& input) {
      Tensor seen = input;
      for (float& hu : seen.values) hu = grows && hu > 85 ? 0 : !grows && hu > 20 ? 80 : hu;
      return thresholds(seen);
    };
    const Model model = model_with_coarse(coarse);
    SearchRecord record;
    EXPECT_EQ(voxels(model.predict(ct, near_liver(record))), voxels(model.predict(ct, {.mirror = false})));
    EXPECT_EQ(record.passes, 2);
    EXPECT_NE(record.fallback.find(kind.said), std::string::npos) << record.fallback;
    EXPECT_NE(record.fallback.find("of 343 mL"), std::string::npos) << record.fallback;
  }
}

// A model of tumours alone: what it finds is no liver's volume, and none is no fault.
TEST(LiverFirst, DoesNotCompareTheVolumesOfTumoursAlone) {
  CtVolume ct = body_with_liver(kLiver10);
  const Model model = model_with_coarse(thresholds);
  SearchRecord record;
  PredictOptions options = near_liver(record);
  options.searched.own = {{}, {2}};
  model.predict(ct, options);
  EXPECT_EQ(record.passes, 1);
  EXPECT_EQ(record.fallback, "");
}

TEST(LiverFirst, SearchesTheWholeBodyAfterAFindingThatIsNoLiver) {
  const CtVolume ct = body_with_liver(kLiver10);
  const auto all = voxels(Model(liver_model(), fake_folds({thresholds})).predict(ct, {.mirror = false}));
  const auto constant = [](float logit) {
    return [logit](const Tensor& input) {
      TensorShape shape = input.shape;
      shape.c = 2;
      return Tensor(shape, logit);
    };
  };
  const struct {
    float logit;
    const char* said;
  } kinds[] = {{-5, "found no liver"}, {5, "32768 mL"}};  // nothing, and all of 32^3 voxels of 1 mL
  for (const auto& kind : kinds) {
    SearchRecord record;
    EXPECT_EQ(voxels(model_with_coarse(constant(kind.logit)).predict(ct, near_liver(record))), all);
    EXPECT_NE(record.fallback.find(kind.said), std::string::npos) << record.fallback;
    EXPECT_EQ(record.windows_run, record.windows);
  }
  SearchRecord record;
  const CtVolume small = body_with_liver({{4, 4, 4}, {10, 10, 10}});  // 216 mL
  Model(liver_model(), fake_folds({thresholds})).predict(small, near_liver(record));
  EXPECT_NE(record.fallback.find(" mL, which is not between"), std::string::npos) << record.fallback;
}

TEST(LiverFirst, IsLeftOutWhereItCanSaveLittle) {
  // 13 voxels: 3 windows of 8 along each axis; 9 at the lower resolution: 2.
  const Model model(liver_model(), fake_folds({thresholds}));
  CtVolume ct({.size = {13, 13, 13}, .spacing_mm = {10, 10, 10}}, 80);
  SearchRecord record;
  model.predict(ct, near_liver(record));
  EXPECT_EQ(record.coarse_windows, 0);
  EXPECT_EQ(record.windows_run, 27);
  EXPECT_NE(record.not_searched.find("8 windows would save little of 27"), std::string::npos)
      << record.not_searched;
  EXPECT_EQ(record.fallback, "");
  EXPECT_EQ(record.effective, Search::kBody);
}

// ... but a mirrored window costs 8 of the coarse pass'.
TEST(LiverFirst, SavesMoreWhereWindowsAreMirrored) {
  ModelFolder folder = liver_model();
  folder.mirror_axes = {0, 1, 2};
  CtVolume ct({.size = {13, 13, 13}, .spacing_mm = {10, 10, 10}}, -100);
  fill(ct, {{0, 0, 0}, {7, 7, 7}}, 80);
  SearchRecord record;
  PredictOptions options = near_liver(record);
  options.mirror = true;
  Model(folder, fake_folds({thresholds})).predict(ct, options);
  EXPECT_EQ(record.coarse_windows, 8);
  EXPECT_EQ(record.not_searched, "");
}

TEST(LiverFirst, IsNotForSlicesAndCascades) {
  ModelFolder flat = liver_model();
  flat.plan.configuration = "2d";
  flat.plan.two_dimensional = true;
  flat.plan.patch_size = {1, 8, 8};
  SearchRecord record;
  Model(flat, fake_folds({thresholds})).predict(body_with_liver(kLiver10), near_liver(record));
  EXPECT_EQ(record.coarse_windows, 0);
  EXPECT_NE(record.not_searched.find("2d, which is two-dimensional"), std::string::npos)
      << record.not_searched;

  ModelFolder cascade = liver_model();
  cascade.plan.configuration = "3d_cascade_fullres";
  cascade.plan.previous_stage = "3d_lowres";
  const FakeNetwork first_channel = [](const Tensor& input) {
    Tensor ct = input;
    ct.shape.c = 1;
    ct.values.resize(static_cast<std::size_t>(ct.shape.count()));
    return thresholds(ct);
  };
  const CtVolume ct = body_with_liver(kLiver10);
  const WideLabelMap earlier(ct.geometry());
  SearchRecord later;
  const auto labels =
      Model(cascade, fake_folds({first_channel})).predict(ct, near_liver(later), nullptr, &earlier);
  EXPECT_EQ((labels[{8, 8, 8}]), kLiver);
  EXPECT_EQ(later.coarse_windows, 0);
  EXPECT_EQ(later.windows_covered, later.windows);
  EXPECT_NE(later.not_searched.find("later stage of a cascade"), std::string::npos) << later.not_searched;
}

}  // namespace
}  // namespace hepar
