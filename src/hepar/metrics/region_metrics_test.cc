// SPDX-License-Identifier: Apache-2.0
#include "hepar/metrics/region_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "hepar/core/error.h"

namespace hepar {
namespace {

constexpr std::array<std::uint8_t, 3> kWholeLiver{kLiver, kTumour, kCyst};
constexpr std::array<std::uint8_t, 1> kTumourOnly{kTumour}, kCystOnly{kCyst};

LabelMap liver_with_tumour(std::int64_t tumour_i) {
  LabelMap labels({{10, 8, 6}, {2, 1, 5}, {7, 8, 9}, Mat3::identity()});
  for (std::int64_t n = 0; n < 6 * 4 * 3; ++n) labels[{2 + n % 6, 2 + n / 6 % 4, 1 + n / 24}] = kLiver;
  labels[{tumour_i, 3, 2}] = kTumour;
  return labels;
}

TEST(EvaluateRegion, JoinsTheLabelsOfAStructure) {
  const LabelMap prediction = liver_with_tumour(3), reference = liver_with_tumour(6);
  const RegionMetrics liver = evaluate_region(prediction, reference, kWholeLiver);
  EXPECT_EQ(liver.dsc, 1.0);
  EXPECT_EQ(liver.hd_mm, 0.0);
  EXPECT_EQ(liver.hd95_area_weighted_mm, 0.0);
  // 6 x 4 x 3 voxels of 2 x 1 x 5 mm.
  EXPECT_DOUBLE_EQ(liver.volume_ml.value(), 72 * 0.01);
  const RegionMetrics tumour = evaluate_region(prediction, reference, kTumourOnly);
  EXPECT_EQ(tumour.dsc, 0.0);
  // One voxel each, three steps of 2 mm apart.
  EXPECT_DOUBLE_EQ(tumour.hd_mm.value(), 6);
  EXPECT_DOUBLE_EQ(tumour.hd95_mm.value(), 6);
  EXPECT_DOUBLE_EQ(tumour.hd95_pooled_mm.value(), 6);
  EXPECT_DOUBLE_EQ(tumour.assd_mm.value(), 6);
  EXPECT_DOUBLE_EQ(tumour.reference_ml.value(), 0.01);
}

TEST(EvaluateRegion, EmptyStructures) {
  const LabelMap labels = liver_with_tumour(3);
  LabelMap without = labels;
  without[{3, 3, 2}] = kLiver;
  const RegionMetrics both = evaluate_region(labels, labels, kCystOnly);
  EXPECT_EQ(both.dsc, std::nullopt);
  EXPECT_EQ(both.hd95_mm, std::nullopt);
  EXPECT_EQ(both.volume_ml, 0.0);
  EXPECT_EQ(both.reference_ml, 0.0);
  for (const bool missed : {true, false}) {
    const RegionMetrics one = missed ? evaluate_region(without, labels, kTumourOnly)
                                     : evaluate_region(labels, without, kTumourOnly);
    EXPECT_EQ(one.dsc, 0.0);
    EXPECT_EQ(one.hd_mm, std::nullopt);
    EXPECT_EQ(one.hd95_area_weighted_mm, std::nullopt);
    EXPECT_EQ(one.assd_mm, std::nullopt);
    EXPECT_DOUBLE_EQ(one.volume_ml.value(), missed ? 0 : 0.01);
    EXPECT_DOUBLE_EQ(one.reference_ml.value(), missed ? 0.01 : 0);
  }
}

TEST(EvaluateRegion, RefusesAnotherGrid) {
  const LabelMap labels = liver_with_tumour(3);
  Geometry geometry = labels.geometry();
  geometry.spacing_mm.z = 4;
  try {
    evaluate_region(labels, LabelMap(geometry), kWholeLiver);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidInput);
    EXPECT_THAT(error.what(), testing::HasSubstr("k spacing 5.0000 mm against 4.0000 mm"));
  }
}

}  // namespace
}  // namespace hepar
