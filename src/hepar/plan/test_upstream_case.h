// SPDX-License-Identifier: Apache-2.0
#pragma once

// A case that nnU-Net itself prepared (tests/golden/README.md), for tests.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "hepar/core/file.h"
#include "hepar/nn/test_golden_model.h"
#include "hepar/plan/preprocess.h"
#include "hepar/tensors/test_npy.h"

namespace hepar {

struct UpstreamCase {
  std::filesystem::path folder;
  CtVolume ct;
  ModelPlan plan;
};

// `ct` is the folder's input/test_000_0000.nii.gz.
inline UpstreamCase upstream_case(const std::filesystem::path& folder, CtVolume ct) {
  return {folder, std::move(ct), read_plan(golden_model(folder) / "plans.json")};
}

inline void expect_equal_to_upstream(const UpstreamCase& given) {
  const auto meta = nlohmann::json::parse(read_text_file(given.folder / "meta.json"))["properties"];
  const PreprocessedCase prepared = preprocess(given.ct, given.plan);
  for (std::size_t axis = 0; axis < 3; ++axis) {  // d, h, w
    const int a = 2 - static_cast<int>(axis);
    EXPECT_EQ(prepared.reordered.size[a], meta["shape_before_cropping"][axis]);
    EXPECT_EQ(prepared.crop.low[a], meta["bbox_used_for_cropping"][axis][0]);
    EXPECT_EQ(prepared.crop.high[a], meta["bbox_used_for_cropping"][axis][1]);
  }
  const NpyArray image = read_npy(given.folder / "preprocessed.npy");
  const TensorShape& shape = prepared.image.shape;
  ASSERT_EQ(image.shape, (std::vector<std::int64_t>{shape.c, shape.d, shape.h, shape.w}));
  std::size_t different = 0;
  for (std::size_t n = 0; n < image.values.size(); ++n) {
    if (prepared.image.values[n] != image.values[n]) ++different;
  }
  EXPECT_EQ(different, 0u) << "voxels of the image";
  // Prepared without a ground truth: 0 inside the patient, -1 outside.
  const NpyArray wanted = read_npy(given.folder / "preprocessed_seg.npy");
  const LabelMap nothing(given.ct.geometry());
  const auto labels = preprocess_labels(nothing, {&given.ct, 1}, prepared, given.plan);
  ASSERT_EQ(labels.size(), wanted.values.size());
  EXPECT_TRUE(std::equal(labels.begin(), labels.end(), wanted.values.begin()));
}

}  // namespace hepar
