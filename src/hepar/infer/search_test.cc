// SPDX-License-Identifier: Apache-2.0
#include "hepar/infer/search.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "hepar/core/error.h"
#include "hepar/infer/model.h"
#include "hepar/infer/window_search.h"
#include "hepar/windows/test_engine.h"

namespace hepar {
namespace {

// 10 mm voxels in patches of 8: 80 mm. "Liver" is above 50 HU, "tumour" above 100 HU.
ModelFolder liver_model() {
  ModelFolder model;
  model.plan.patch_size = {8, 8, 8};
  model.plan.spacing_mm = {10, 10, 10};
  model.plan.normalization_schemes = {"CTNormalization"};
  model.plan.intensities = {{-1024, 1000, 0, 1}};
  model.labels.regions = {{"liver", {1, 2}}, {"tumour", {2}}};
  model.labels.regions_class_order = {1, 2};
  model.labels.foreground_labels = {1, 2};
  return model;
}

Tensor thresholds(const Tensor& input) {
  TensorShape shape = input.shape;
  shape.c = 2;
  Tensor logits(shape);
  for (std::size_t n = 0; n < input.values.size(); ++n) {
    logits.values[n] = input.values[n] - 50;
    logits.values[input.values.size() + n] = input.values[n] - 100;
  }
  return logits;
}

// 320 mm of fat along every axis, with a liver of 80 HU in this box.
CtVolume body_with_liver(const Box3& liver, float fill_hu = -100) {
  CtVolume ct({.size = {32, 32, 32}, .spacing_mm = {10, 10, 10}}, fill_hu);
  for (Int3 at = liver.low; at.k < liver.high.k; ++at.k)
    for (at.j = liver.low.j; at.j < liver.high.j; ++at.j)
      for (at.i = liver.low.i; at.i < liver.high.i; ++at.i) ct[at] = 80;
  return ct;
}

PredictOptions near_liver(SearchRecord& record) {
  return {.mirror = false, .search = Search::kLabels, .searched = {{1, 2}, {1, 2}}, .record = &record};
}

Model model_with_coarse(const FakeNetwork& coarse, const FakeNetwork& fine = thresholds) {
  return {liver_model(), fake_folds({fine}), std::make_unique<Model>(liver_model(), fake_folds({coarse}))};
}

std::vector<std::uint16_t> voxels(const WideLabelMap& labels) {
  return {labels.voxels().begin(), labels.voxels().end()};
}

const Box3 kLiver10{{4, 5, 6}, {14, 15, 16}};  // 10 x 10 x 10 voxels: 1000 mL

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

// The coarse model sees liver below 85 HU only, up to i = 10; the windows of the first pass end at 16.
CtVolume liver_to(std::int64_t end) {
  CtVolume ct = body_with_liver({{2, 4, 4}, {end, 13, 13}});
  for (Int3 at; at.k < 32; ++at.k)
    for (at.j = 0; at.j < 32; ++at.j)
      for (at.i = 10; at.i < end; ++at.i)
        if (ct[at] > 0) ct[at] = 95;
  return ct;
}
Tensor half_blind(const Tensor& input) {
  Tensor seen = input;
  for (float& hu : seen.values) hu = hu > 85 ? 0 : hu;
  return thresholds(seen);
}

TEST(LiverFirst, GrowsUntilTheLiverIsWhole) {
  // Found to 16, so that 3 voxels more are wanted: windows up to 20, which is clean.
  const CtVolume ct = liver_to(18);
  const Model model = model_with_coarse(half_blind);
  SearchRecord record;
  EXPECT_EQ(voxels(model.predict(ct, near_liver(record))), voxels(model.predict(ct, {.mirror = false})));
  EXPECT_EQ(record.passes, 2);
  EXPECT_EQ(record.fallback, "");
}

TEST(LiverFirst, TakesAllWindowsWhenGrowingTwiceWouldNotDo) {
  const CtVolume ct = liver_to(30);
  const Model model = model_with_coarse(half_blind);
  SearchRecord record;
  EXPECT_EQ(voxels(model.predict(ct, near_liver(record))), voxels(model.predict(ct, {.mirror = false})));
  EXPECT_EQ(record.passes, 3);
  EXPECT_NE(record.fallback.find("2 times"), std::string::npos) << record.fallback;
}

TEST(LiverFirst, SearchesTheWholeBodyAfterAFindingThatIsNoLiver) {
  const CtVolume ct = body_with_liver(kLiver10);
  const auto all = voxels(Model(liver_model(), fake_folds({thresholds})).predict(ct, {.mirror = false}));
  const auto fill = [](float logit) {
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
    EXPECT_EQ(voxels(model_with_coarse(fill(kind.logit)).predict(ct, near_liver(record))), all);
    EXPECT_NE(record.fallback.find(kind.said), std::string::npos) << record.fallback;
    EXPECT_EQ(record.windows_run, record.windows);
  }
  SearchRecord record;
  const CtVolume small = body_with_liver({{4, 4, 4}, {10, 10, 10}});  // 216 mL
  Model(liver_model(), fake_folds({thresholds})).predict(small, near_liver(record));
  EXPECT_NE(record.fallback.find(" mL, which is not between"), std::string::npos) << record.fallback;
}

// A far part of less than 2 % of the largest is no liver; one of more is.
TEST(LiverFirst, LeavesOutTinyPartsOfTheCoarseFinding) {
  SearchRecord without, tiny, large;
  const Model model = model_with_coarse(thresholds);
  CtVolume ct = body_with_liver(kLiver10);
  model.predict(ct, near_liver(without));
  for (std::int64_t n = 0; n < 18; ++n) ct[{29, 28 + n / 9, 22 + n % 9}] = 80;  // 18 of 1000 voxels
  model.predict(ct, near_liver(tiny));
  EXPECT_EQ(tiny.windows_run, without.windows_run);
  ct[{28, 28, 22}] = ct[{28, 28, 23}] = ct[{28, 28, 24}] = 80;  // 21
  model.predict(ct, near_liver(large));
  EXPECT_GT(large.windows_run, without.windows_run);
}

TEST(LiverFirst, IsLeftOutWhereItCanSaveLittle) {
  // 13 voxels: 3 windows of 8 along each axis; 9 at the lower resolution: 2.
  const Model model(liver_model(), fake_folds({thresholds}));
  CtVolume ct({.size = {13, 13, 13}, .spacing_mm = {10, 10, 10}}, 80);
  SearchRecord record;
  model.predict(ct, near_liver(record));
  EXPECT_EQ(record.coarse_windows, 0);
  EXPECT_EQ(record.windows_run, 27);
  EXPECT_NE(record.fallback.find("8 windows would save little of 27"), std::string::npos) << record.fallback;
}

TEST(LiverFirst, IsNotForSlicesAndCascades) {
  ModelFolder flat = liver_model();
  flat.plan.configuration = "2d";
  flat.plan.two_dimensional = true;
  flat.plan.patch_size = {1, 8, 8};
  SearchRecord record;
  Model(flat, fake_folds({thresholds})).predict(body_with_liver(kLiver10), near_liver(record));
  EXPECT_EQ(record.coarse_windows, 0);
  EXPECT_NE(record.fallback.find("2d is always run as a whole"), std::string::npos) << record.fallback;
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
