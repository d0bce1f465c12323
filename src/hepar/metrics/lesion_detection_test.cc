// SPDX-License-Identifier: Apache-2.0
#include "hepar/metrics/lesion_detection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "hepar/core/error.h"

namespace hepar {
namespace {

constexpr std::array<std::uint8_t, 1> kTumourOnly{kTumour};

// Voxels of 1 x 2 x 3 mm, 6 mm^3.
LabelMap empty_map() { return LabelMap({{40, 12, 6}, {1, 2, 3}, {100, 0, 0}, Mat3::identity()}); }

// Runs of voxels along i in the row (j, k).
struct Run {
  std::int64_t first, length, j, k = 2;
};
LabelMap runs(const std::vector<Run>& all) {
  LabelMap labels = empty_map();
  for (const Run& run : all) std::fill_n(&labels[{run.first, run.j, run.k}], run.length, kTumour);
  return labels;
}

TEST(DetectLesions, OfOneLesionByHand) {
  // 10 voxels against 8, of which 6 in common: IoU 6 / 12.
  const LesionDetection found = detect_lesions(runs({{4, 8, 3}}), runs({{0, 10, 3}}), kTumourOnly);
  ASSERT_EQ(found.references.size(), 1U);
  ASSERT_EQ(found.predictions.size(), 1U);
  const ReferenceLesion& reference = found.references[0];
  EXPECT_DOUBLE_EQ(reference.iou, 0.5);
  EXPECT_TRUE(reference.detected);
  EXPECT_DOUBLE_EQ(reference.volume_ml, 0.06);
  // 60 mm^3 = pi d^3 / 6.
  EXPECT_NEAR(std::pow(reference.diameter_mm, 3) * std::numbers::pi / 6, 60, 1e-9);
  EXPECT_EQ(reference.centroid_lps_mm, (Vec3{104.5, 6, 6}));
  EXPECT_EQ(found.predictions[0].reference, 0U);
  EXPECT_TRUE(found.predictions[0].true_positive);
  EXPECT_DOUBLE_EQ(found.predictions[0].volume_ml, 0.048);
}

TEST(DetectLesions, BoundOfTheOverlapCounts) {
  // 1 of 10 voxels: IoU 0.1, the default.
  const LabelMap prediction = runs({{0, 1, 3}}), reference = runs({{0, 10, 3}});
  EXPECT_TRUE(detect_lesions(prediction, reference, kTumourOnly).references[0].detected);
  EXPECT_FALSE(detect_lesions(prediction, reference, kTumourOnly, 0.1001).references[0].detected);
  EXPECT_FALSE(detect_lesions(prediction, reference, kTumourOnly, 0.1001).predictions[0].true_positive);
  EXPECT_TRUE(detect_lesions(reference, reference, kTumourOnly, 1).references[0].detected);
}

TEST(DetectLesions, JoinsThePredictionsOfOneLesion) {
  // Two parts, 3 and 4 of 10 voxels, neither of them enough: IoU 0.7 together.
  const LesionDetection found =
      detect_lesions(runs({{0, 3, 3}, {6, 4, 3}}), runs({{0, 10, 3}}), kTumourOnly, 0.5);
  EXPECT_DOUBLE_EQ(found.references[0].iou, 0.7);
  EXPECT_TRUE(found.references[0].detected);
  EXPECT_EQ(found.summary().all, (DetectionCounts{1, 1, 2, 0}));
}

TEST(DetectLesions, OnePredictionFindsTheLesionThatItCoversMost) {
  // 20 voxels over lesions of 4 and 8 voxels: assigned to the second, IoU 8 / 20.
  const LabelMap prediction = runs({{0, 20, 3}}), reference = runs({{0, 4, 3}, {10, 8, 3}});
  const LesionDetection found = detect_lesions(prediction, reference, kTumourOnly);
  EXPECT_EQ(found.predictions[0].reference, 1U);
  EXPECT_FALSE(found.references[0].detected);
  EXPECT_EQ(found.references[0].iou, 0);
  EXPECT_DOUBLE_EQ(found.references[1].iou, 0.4);
  EXPECT_EQ(found.summary().all, (DetectionCounts{2, 1, 1, 0}));
  // At 0 a shared voxel is enough, whichever lesion the prediction is assigned to.
  EXPECT_EQ(detect_lesions(prediction, reference, kTumourOnly, 0).summary().all,
            (DetectionCounts{2, 2, 1, 0}));
}

TEST(DetectLesions, TakesTheFirstOfEquals) {
  const LesionDetection found =
      detect_lesions(runs({{0, 20, 3}}), runs({{0, 4, 3}, {10, 4, 3}}), kTumourOnly);
  EXPECT_EQ(found.predictions[0].reference, 0U);
  EXPECT_TRUE(found.references[0].detected);
  EXPECT_FALSE(found.references[1].detected);
}

TEST(DetectLesions, LesionsTouchAtCorners) {
  const LesionDetection found = detect_lesions(runs({{5, 2, 3, 2}, {7, 2, 4, 3}}), empty_map(), kTumourOnly);
  EXPECT_EQ(found.predictions.size(), 1U);
}

TEST(DetectLesions, WithoutOverlapNothingIsFound) {
  for (const double min_iou : {0.0, 0.1}) {
    const LesionDetection found = detect_lesions(runs({{0, 4, 3}}), runs({{4, 4, 3}}), kTumourOnly, min_iou);
    EXPECT_EQ(found.summary().all, (DetectionCounts{1, 0, 1, 1}));
    EXPECT_EQ(found.predictions[0].reference, std::nullopt);
  }
}

TEST(DetectLesions, EmptyMaps) {
  const LabelMap some = runs({{0, 4, 3}});
  const DetectionCounts neither = detect_lesions(empty_map(), empty_map(), kTumourOnly).summary().all;
  EXPECT_EQ(neither, (DetectionCounts{}));
  EXPECT_EQ(neither.recall(), std::nullopt);
  EXPECT_EQ(neither.precision(), std::nullopt);
  EXPECT_EQ(neither.f1(), std::nullopt);
  const DetectionCounts missed = detect_lesions(empty_map(), some, kTumourOnly).summary().all;
  EXPECT_EQ(missed, (DetectionCounts{1, 0, 0, 0}));
  EXPECT_EQ(missed.recall(), 0.0);
  EXPECT_EQ(missed.precision(), std::nullopt);
  EXPECT_EQ(missed.f1(), 0.0);
  const DetectionCounts invented = detect_lesions(some, empty_map(), kTumourOnly).summary().all;
  EXPECT_EQ(invented, (DetectionCounts{0, 0, 1, 1}));
  EXPECT_EQ(invented.recall(), std::nullopt);
  EXPECT_EQ(invented.precision(), 0.0);
  EXPECT_EQ(invented.f1(), 0.0);
}

TEST(DetectLesions, RefusesBadInput) {
  const LabelMap labels = empty_map();
  for (const double min_iou : {-0.1, 1.1, std::nan("")}) {
    try {
      detect_lesions(labels, labels, kTumourOnly, min_iou);
      FAIL() << "accepted " << min_iou;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalidInput);
      EXPECT_THAT(error.what(), testing::HasSubstr("give an IoU from 0 to 1"));
    }
  }
  Geometry other = labels.geometry();
  other.size.k = 5;
  try {
    detect_lesions(labels, LabelMap(other), kTumourOnly);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidInput);
  }
}

TEST(LesionSizeClass, LowerBoundsBelongToTheClass) {
  EXPECT_EQ(lesion_size_class(0.5), 0U);
  EXPECT_EQ(lesion_size_class(std::nextafter(10.0, 0.0)), 0U);
  EXPECT_EQ(lesion_size_class(10), 1U);
  EXPECT_EQ(lesion_size_class(std::nextafter(20.0, 0.0)), 1U);
  EXPECT_EQ(lesion_size_class(20), 2U);
  EXPECT_EQ(lesion_size_class(500), 2U);
  for (std::size_t n = 0; n + 1 < kLesionSizeClasses.size(); ++n)
    EXPECT_EQ(kLesionSizeClasses[n].high_mm, kLesionSizeClasses[n + 1].low_mm);
}

TEST(DetectionSummary, CountsBySizeAndAddsCases) {
  // On voxels of 6 x 6 x 6 mm: 1 voxel is a ball of 7.4 mm, 3 one of 10.7 mm, 20 one of 20.2 mm
  // (d = 6 (6 n / pi)^(1/3)).
  LabelMap prediction({{40, 12, 6}, {6, 6, 6}, {}, Mat3::identity()}), reference = prediction;
  std::fill_n(&reference[{0, 1, 1}], 1, kTumour);  // missed
  std::fill_n(&reference[{0, 5, 1}], 3, kTumour);  // found by one voxel: IoU 1 / 3
  std::fill_n(&prediction[{1, 5, 1}], 1, kTumour);
  std::fill_n(&reference[{0, 9, 1}], 20, kTumour);  // found
  std::fill_n(&prediction[{0, 9, 1}], 20, kTumour);
  std::fill_n(&prediction[{30, 1, 4}], 3, kTumour);  // invented
  const DetectionSummary one = detect_lesions(prediction, reference, kTumourOnly).summary();
  EXPECT_EQ(one.all, (DetectionCounts{3, 2, 3, 1}));
  EXPECT_EQ(one.by_size[0], (DetectionCounts{1, 0, 1, 0}));
  EXPECT_EQ(one.by_size[1], (DetectionCounts{1, 1, 1, 1}));
  EXPECT_EQ(one.by_size[2], (DetectionCounts{1, 1, 1, 0}));
  DetectionSummary both = one;
  both += detect_lesions(LabelMap(prediction.geometry()), reference, kTumourOnly).summary();
  EXPECT_EQ(both.all, (DetectionCounts{6, 2, 3, 1}));
  EXPECT_EQ(both.by_size[0], (DetectionCounts{2, 0, 1, 0}));
  // Recall 2 / 6, precision 2 / 3, so F1 = 2 (1/3) (2/3) / (1/3 + 2/3) = 4 / 9.
  EXPECT_DOUBLE_EQ(both.all.recall().value(), 2.0 / 6);
  EXPECT_DOUBLE_EQ(both.all.precision().value(), 2.0 / 3);
  EXPECT_DOUBLE_EQ(both.all.f1().value(), 4.0 / 9);
}

}  // namespace
}  // namespace hepar
