// SPDX-License-Identifier: Apache-2.0
#include "hepar/infer/model.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "hepar/core/error.h"
#include "hepar/windows/test_engine.h"

namespace hepar {
namespace {

// Regions by intensity: "liver" above 50 HU, "tumour" above 100 HU (mean 0 and SD 1 leave HU as they are).
Tensor thresholds(const Tensor& input) {
  EXPECT_EQ(input.shape, (TensorShape{1, 1, 4, 6, 8}));
  TensorShape shape = input.shape;
  shape.c = 2;
  Tensor logits(shape);
  for (std::size_t n = 0; n < input.values.size(); ++n) {
    logits.values[n] = input.values[n] - 50;
    logits.values[input.values.size() + n] = input.values[n] - 100;
  }
  return logits;
}

ModelFolder threshold_model(std::array<double, 3> spacing_dhw_mm) {
  ModelFolder model;
  model.plan.patch_size = {4, 6, 8};
  model.plan.spacing_mm = spacing_dhw_mm;
  model.plan.normalization_schemes = {"CTNormalization"};
  model.plan.intensities = {{-1000, 1000, 0, 1}};
  model.plan.orientation = "RAS";
  model.labels.regions = {{"liver", {1, 2, 3}}, {"tumour", {2}}};
  model.labels.regions_class_order = {1, 2};
  return model;
}

// A scan that is not RAS, with a box of 80 HU in it and a smaller one of 150.
CtVolume boxes() {
  Geometry geometry{.size = {13, 16, 20}, .spacing_mm = {3, 2, 1}, .origin_mm = {-7, 11, 300}};
  geometry.direction.set_column(0, {0, 0, -1});
  geometry.direction.set_column(1, {1, 0, 0});
  geometry.direction.set_column(2, {0, -1, 0});
  CtVolume ct(geometry, -100.0f);
  for (std::int64_t k = 3; k < 15; ++k) {
    for (std::int64_t j = 4; j < 14; ++j) {
      for (std::int64_t i = 2; i < 10; ++i)
        ct[{i, j, k}] = i >= 4 && i < 8 && j < 10 && k < 8 ? 150.0f : 80.0f;
    }
  }
  return ct;
}

TEST(Model, GivesLabelsOnTheScansOwnGrid) {
  const CtVolume ct = boxes();
  // The network's grid is the scan's own, axes reordered: nothing is interpolated. R-L is the scan's j with
  // 2 mm, P-A its k with 1 mm, I-S its i with 3 mm.
  const Model model(threshold_model({3, 1, 2}), fake_folds({thresholds}));
  for (const bool parity : {false, true}) {
    const WideLabelMap labels = model.predict(ct, {.parity = parity});
    EXPECT_EQ(labels.geometry(), ct.geometry());
    for (std::size_t n = 0; n < ct.voxels().size(); ++n) {
      const float hu = ct.voxels()[n];
      ASSERT_EQ(labels.voxels()[n], hu > 100 ? kTumour : hu > 50 ? kLiver : kBackground) << n;
    }
  }
}

TEST(Model, KeepsShapesThroughAnotherSpacing) {
  const CtVolume ct = boxes();
  const WideLabelMap labels = Model(threshold_model({1.5, 2, 1}), fake_folds({thresholds})).predict(ct);
  EXPECT_EQ(labels.geometry(), ct.geometry());
  // Voxels whose 26 neighbours are all like them lie further from any edge than interpolation reaches.
  int inner = 0;
  for (std::int64_t k = 1; k < 19; ++k) {
    for (std::int64_t j = 1; j < 15; ++j) {
      for (std::int64_t i = 1; i < 12; ++i) {
        bool uniform = true;
        for (int n = 0; n < 27; ++n) {
          uniform = uniform && ct[{i + n % 3 - 1, j + n / 3 % 3 - 1, k + n / 9 - 1}] == ct[{i, j, k}];
        }
        if (!uniform) continue;
        const float hu = ct[{i, j, k}];
        ASSERT_EQ((labels[{i, j, k}]), hu > 100 ? kTumour : hu > 50 ? kLiver : kBackground);
        ++inner;
      }
    }
  }
  EXPECT_GT(inner, 100);
}

TEST(Model, MirrorsWhereTheModelAllowsIt) {
  ModelFolder folder = threshold_model({3, 1, 2});
  folder.mirror_axes = {0, 2};
  int calls = 0;
  const Model model(folder, fake_folds({[&](const Tensor& input) {
                      ++calls;
                      return thresholds(input);
                    }}));
  model.predict(boxes(), {.mirror = false});
  const int plain = calls;
  calls = 0;
  model.predict(boxes());
  EXPECT_EQ(calls, 4 * plain);
}

// Callers that share a model get what each would get alone, and never meet in an engine.
TEST(Model, ServesConcurrentCallers) {
  std::atomic<int> inside{0};
  const Model model(threshold_model({3, 1, 2}), fake_folds({[&](const Tensor& input) {
                      EXPECT_EQ(++inside, 1);
                      Tensor logits = thresholds(input);
                      --inside;
                      return logits;
                    }}));
  CtVolume dark = boxes();
  for (float& hu : dark.voxels()) hu -= 40;
  const CtVolume scans[2] = {boxes(), dark};
  std::vector<std::uint16_t> alone[2];
  for (std::size_t n = 0; n < 2; ++n) {
    const WideLabelMap labels = model.predict(scans[n]);
    alone[n].assign(labels.voxels().begin(), labels.voxels().end());
  }
  EXPECT_NE(alone[0], alone[1]);
  std::vector<std::thread> callers;
  for (std::size_t n = 0; n < 4; ++n) {
    callers.emplace_back([&, n] {
      const WideLabelMap labels = model.predict(scans[n % 2]);
      EXPECT_TRUE(std::equal(alone[n % 2].begin(), alone[n % 2].end(), labels.voxels().begin()));
    });
  }
  for (std::thread& caller : callers) caller.join();
}

TEST(Model, OfACascadeNeedsTheFirstStage) {
  ModelFolder cascade = threshold_model({3, 1, 2});
  cascade.plan.configuration = "3d_cascade_fullres";
  cascade.plan.previous_stage = "3d_lowres";
  try {
    Model(cascade, fake_folds({thresholds})).predict(boxes());
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidInput);
    EXPECT_NE(std::string(error.what()).find("3d_lowres"), std::string::npos);
  }
  const WideLabelMap labels(boxes().geometry());
  EXPECT_THROW(
      Model(threshold_model({3, 1, 2}), fake_folds({thresholds})).predict(boxes(), {}, nullptr, &labels),
      Error);
}

TEST(LoadModel, NamesAFolderThatIsNoModel) { EXPECT_THROW(load_model("/nowhere/at/all", nullptr), Error); }

}  // namespace
}  // namespace hepar
