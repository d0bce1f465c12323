// SPDX-License-Identifier: Apache-2.0
#include "hepar/infer/search.h"

#include <gtest/gtest.h>

#include <numeric>
#include <set>

#include "hepar/core/error.h"
#include "hepar/infer/test_search.h"
#include "hepar/infer/window_search.h"

namespace hepar {
namespace {

TEST(LiverFirst, GivesTheLabelsOfAllWindowsWithFewOfThem) {
  CtVolume ct = body_with_liver(kLiver10);
  ct[{8, 8, 8}] = 150;
  const Model model(liver_model(), fake_folds({thresholds}));
  SearchRecord record;
  const auto found = voxels(model.predict(ct, near_liver(record)));
  EXPECT_EQ(found, voxels(model.predict(ct, {.mirror = false})));
  EXPECT_EQ(found[ct.offset({8, 8, 8})], kTumour);
  // 32 voxels in windows of 8 at every fourth: 7 along each axis.
  EXPECT_EQ(record.windows, 343);
  // The liver and 3 voxels around it span 16 voxels: at most 4 windows along each axis, 5 where they lie
  // badly.
  EXPECT_LE(record.windows_run, 5 * 5 * 5);
  EXPECT_GT(record.windows_run, 0);
  EXPECT_GT(record.coarse_windows, 0);
  EXPECT_EQ(record.passes, 1);
  EXPECT_EQ(record.fallback, "");
}

TEST(LiverFirst, TakesALiverAtTheScansEdgeAsClean) {
  const CtVolume ct = body_with_liver({{0, 0, 22}, {10, 10, 32}});
  const Model model(liver_model(), fake_folds({thresholds}));
  SearchRecord record;
  EXPECT_EQ(voxels(model.predict(ct, near_liver(record))), voxels(model.predict(ct, {.mirror = false})));
  EXPECT_EQ(record.passes, 1);
  EXPECT_LT(record.windows_run, record.windows);
}

TEST(LiverFirst, GrowsUntilTheLiverIsWhole) {
  // Found to 16, so that 3 voxels more are wanted: windows up to 20, which is clean.
  const CtVolume ct = liver_to(18);
  const Model model = model_with_coarse(half_blind);
  SearchRecord record;
  EXPECT_EQ(voxels(model.predict(ct, near_liver(record))), voxels(model.predict(ct, {.mirror = false})));
  EXPECT_EQ(record.passes, 2);
  EXPECT_EQ(record.fallback, "");
  EXPECT_EQ(record.effective, Search::kLabels);
  EXPECT_LT(record.windows_covered, record.windows);
  // The first pass' windows ran twice.
  EXPECT_GT(record.windows_run, record.windows_covered);
  EXPECT_LT(record.windows_run, 2 * record.windows_covered);
}

// A far part of less than 2 % of the largest is no liver; one of more, or with tumour, is searched.
TEST(LiverFirst, LeavesOutTinyPartsOfTheCoarseFinding) {
  const Model model = model_with_coarse(thresholds);
  CtVolume ct = body_with_liver(kLiver10);
  const auto all = [&] { return voxels(model.predict(ct, {.mirror = false})); };
  const auto liver_alone = all();
  SearchRecord tiny, large, lesion;
  fill(ct, {{29, 28, 22}, {30, 30, 31}}, 80);  // 18 of 1000 voxels of 1 mL
  EXPECT_EQ(voxels(model.predict(ct, near_liver(tiny))), liver_alone);
  EXPECT_EQ(tiny.dropped_parts, 1);
  EXPECT_NEAR(tiny.dropped_ml, 18, 1e-9);
  fill(ct, {{28, 28, 22}, {29, 29, 25}}, 80);  // 21
  EXPECT_EQ(voxels(model.predict(ct, near_liver(large))), all());
  EXPECT_NE(all(), liver_alone);
  EXPECT_EQ(large.dropped_parts, 0);
  fill(ct, {{20, 20, 20}, {32, 32, 32}}, -100);
  ct[{29, 28, 22}] = 150;
  EXPECT_EQ(voxels(model.predict(ct, near_liver(lesion))), all());
  EXPECT_EQ(all()[ct.offset({29, 28, 22})], kTumour);
  EXPECT_EQ(lesion.dropped_parts, 0);
  EXPECT_EQ(lesion.dropped_ml, 0);
}

// A label model's background is a head; of two folds the mean counts.
TEST(LiverFirst, WorksForLabelModelsAndTwoFolds) {
  ModelFolder folder = liver_model();
  folder.labels.regions = {{"liver", {1}}, {"tumour", {2}}};
  folder.labels.regions_class_order = {};
  const auto answer = [](float shift) {
    return [shift](const Tensor& input) {
      TensorShape shape = input.shape;
      shape.c = 3;
      Tensor logits(shape);
      const std::size_t count = input.values.size();
      for (std::size_t n = 0; n < count; ++n) {
        const float hu = input.values[n] + shift;
        logits.values[count + n] = hu > 100 ? -9.0F : hu - 50;
        logits.values[2 * count + n] = hu - 100;
      }
      return logits;
    };
  };
  CtVolume ct = body_with_liver(kLiver10);
  fill(ct, {{8, 8, 8}, {11, 11, 11}}, 150);
  const Model model(folder, fake_folds({answer(10), answer(-10)}));
  SearchRecord record;
  const auto found = voxels(model.predict(ct, near_liver(record)));
  EXPECT_EQ(found, voxels(model.predict(ct, {.mirror = false})));
  EXPECT_EQ(found[ct.offset({9, 9, 9})], kTumour);
  EXPECT_EQ(found[ct.offset({5, 6, 7})], kLiver);
  EXPECT_EQ(record.fallback, "");
  EXPECT_LT(record.windows_covered, record.windows);
}

TEST(LiverFirst, TellsItsPassesApart) {
  struct Stages : Progress {
    void update(std::string_view stage, double) override { names.insert(std::string(stage)); }
    std::set<std::string> names;
  } stages;
  SearchRecord record;
  model_with_coarse(half_blind).predict(liver_to(18), near_liver(record), &stages);
  EXPECT_EQ(stages.names, (std::set<std::string>{"prepare", "coarse pass: prepare", "coarse pass: network",
                                                 "network", "pass 2: network"}));
}

TEST(BodySearch, SkipsAirAndCallsItBackground) {
  // A body in one corner of 320 mm of air; the network calls all it sees liver.
  CtVolume ct({.size = {32, 32, 32}, .spacing_mm = {10, 10, 10}}, -1000);
  for (std::int64_t n = 0; n < 512; ++n) ct[{n % 8, n / 8 % 8, n / 64}] = 40;
  const FakeNetwork eager = [](const Tensor& input) {
    TensorShape shape = input.shape;
    shape.c = 2;
    return Tensor(shape, 5.0F);
  };
  SearchRecord record;
  std::vector<float> last;
  const auto labels = Model(liver_model(), fake_folds({eager}))
                          .predict(ct, {.mirror = false, .search = Search::kBody, .record = &record}, nullptr,
                                   nullptr, [&](std::int64_t, std::span<const float> plane) {
                                     last.assign(plane.begin(), plane.end());
                                   });
  // The body fills the first window of each axis and reaches into the second: 2 of 7.
  EXPECT_EQ(record.windows_run, 8);
  EXPECT_EQ(record.coarse_windows, 0);
  EXPECT_EQ((labels[{0, 0, 0}]), 2);
  EXPECT_EQ((labels[{31, 31, 31}]), kBackground);
  EXPECT_EQ(*std::max_element(last.begin(), last.end()), 0);  // the plane of the far end, both heads
}

TEST(BodySearch, OfALabelModelGivesBackgroundTheProbabilityOne) {
  ModelFolder folder = liver_model();
  folder.labels.regions = {{"liver", {1}}};
  folder.labels.regions_class_order = {};
  folder.labels.foreground_labels = {1};
  const CtVolume air({.size = {8, 8, 9}, .spacing_mm = {10, 10, 10}}, -1000);
  int planes = 0;
  const FakeNetwork never = [](const Tensor& input) {
    ADD_FAILURE() << "the network ran on air";
    return input;
  };
  const auto labels = Model(folder, fake_folds({never}))
                          .predict(air, {.mirror = false, .search = Search::kBody}, nullptr, nullptr,
                                   [&](std::int64_t, std::span<const float> plane) {
                                     ++planes;
                                     for (std::size_t n = 0; n < 128; ++n)
                                       ASSERT_EQ(plane[n], n < 64 ? 1 : 0) << n;
                                   });
  EXPECT_EQ(planes, 9);
  EXPECT_EQ(std::accumulate(labels.voxels().begin(), labels.voxels().end(), 0), 0);
}

TEST(BodySearch, KnowsAirByThePlan) {
  ModelPlan plan = liver_model().plan;
  plan.intensities = {{-1024, 300, 100, 50}};
  EXPECT_NEAR(*air_value(plan), (-500 - 100) / 50.0, 2e-4);
  plan.intensities = {{-20, 300, 100, 50}};  // the network can't see below -20 HU
  EXPECT_NEAR(*air_value(plan), (-20 - 100) / 50.0, 2e-4);
  plan.normalization_schemes = {"ZScoreNormalization"};
  EXPECT_FALSE(air_value(plan).has_value());
  plan.normalization_schemes = {"CTNormalization", "CTNormalization"};
  EXPECT_FALSE(air_value(plan).has_value());
}

TEST(Search, RefusesParity) {
  const Model model(liver_model(), fake_folds({thresholds}));
  for (const Search search : {Search::kBody, Search::kLabels})
    EXPECT_THROW(model.predict(body_with_liver(kLiver10), {.parity = true, .search = search}), Error);
}

}  // namespace
}  // namespace hepar
