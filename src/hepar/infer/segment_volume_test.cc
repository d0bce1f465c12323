// SPDX-License-Identifier: Apache-2.0
#include "hepar/infer/segment_volume.h"

#include <gtest/gtest.h>

#include "hepar/core/error.h"

namespace hepar {
namespace {

// Regions by intensity: "liver" above 50 HU, "tumour" above 100 HU (mean 0 and SD 1 leave HU as they are).
class ThresholdEngine : public Engine {
 public:
  Tensor run(const Tensor& input) override {
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
};

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

std::vector<std::unique_ptr<Engine>> threshold_fold() {
  std::vector<std::unique_ptr<Engine>> folds;
  folds.push_back(std::make_unique<ThresholdEngine>());
  return folds;
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

TEST(SegmentVolume, GivesLabelsOnTheScansOwnGrid) {
  const CtVolume ct = boxes();
  // The network's grid is the scan's own, axes reordered: nothing is interpolated. R-L is the scan's j with
  // 2 mm, P-A its k with 1 mm, I-S its i with 3 mm.
  const LabelMap labels = segment_volume(ct, threshold_model({3, 1, 2}), threshold_fold());
  EXPECT_EQ(labels.geometry(), ct.geometry());
  for (std::size_t n = 0; n < ct.voxels().size(); ++n) {
    const float hu = ct.voxels()[n];
    ASSERT_EQ(labels.voxels()[n], hu > 100 ? kTumour : hu > 50 ? kLiver : kBackground) << n;
  }
}

TEST(SegmentVolume, KeepsShapesThroughAnotherSpacing) {
  const CtVolume ct = boxes();
  const LabelMap labels = segment_volume(ct, threshold_model({1.5, 2, 1}), threshold_fold());
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

}  // namespace
}  // namespace hepar
