// SPDX-License-Identifier: Apache-2.0
#pragma once

// Scans and models for tests of searches near a liver.

#include <cstdint>
#include <memory>
#include <vector>

#include "hepar/infer/model.h"
#include "hepar/windows/test_engine.h"

namespace hepar {

// 10 mm voxels in patches of 8: 80 mm. "Liver" is above 50 HU, "tumour" above 100 HU.
inline ModelFolder liver_model() {
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

inline Tensor thresholds(const Tensor& input) {
  TensorShape shape = input.shape;
  shape.c = 2;
  Tensor logits(shape);
  for (std::size_t n = 0; n < input.values.size(); ++n) {
    logits.values[n] = input.values[n] - 50;
    logits.values[input.values.size() + n] = input.values[n] - 100;
  }
  return logits;
}

inline void fill(CtVolume& ct, const Box3& box, float hu) {
  for (Int3 at = box.low; at.k < box.high.k; ++at.k)
    for (at.j = box.low.j; at.j < box.high.j; ++at.j)
      for (at.i = box.low.i; at.i < box.high.i; ++at.i) ct[at] = hu;
}

// 320 mm of fat along every axis, with a liver of 80 HU in this box.
inline CtVolume body_with_liver(const Box3& liver, float fill_hu = -100) {
  CtVolume ct({.size = {32, 32, 32}, .spacing_mm = {10, 10, 10}}, fill_hu);
  fill(ct, liver, 80);
  return ct;
}

inline const SearchedLabels kSearched{.own = {{1}, {2}}, .coarse = {{1}, {2}}};

inline PredictOptions near_liver(SearchRecord& record) {
  return {.mirror = false, .search = Search::kLabels, .searched = kSearched, .record = &record};
}

inline Model model_with_coarse(const FakeNetwork& coarse, const FakeNetwork& fine = thresholds) {
  return {liver_model(), fake_folds({fine}), std::make_unique<Model>(liver_model(), fake_folds({coarse}))};
}

inline std::vector<std::uint16_t> voxels(const WideLabelMap& labels) {
  return {labels.voxels().begin(), labels.voxels().end()};
}

inline const Box3 kLiver10{{4, 5, 6}, {14, 15, 16}};  // 10 x 10 x 10 voxels: 1000 mL

// The coarse model sees liver below 85 HU only: 8 x 9 x 9 voxels up to i = 10, and not the lobe of 3 x 3
// voxels to `end`; the windows of the first pass end at 16.
inline CtVolume liver_to(std::int64_t end) {
  CtVolume ct = body_with_liver({{2, 4, 4}, {10, 13, 13}});
  fill(ct, {{10, 7, 7}, {end, 10, 10}}, 95);
  return ct;
}
inline Tensor half_blind(const Tensor& input) {
  Tensor seen = input;
  for (float& hu : seen.values) hu = hu > 85 ? 0 : hu;
  return thresholds(seen);
}

}  // namespace hepar
