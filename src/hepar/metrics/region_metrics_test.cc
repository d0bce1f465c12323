// SPDX-License-Identifier: Apache-2.0
#include "hepar/metrics/region_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/core/random.h"
#include "hepar/metrics/metric_table.h"

namespace hepar {
namespace {

constexpr std::array<std::uint8_t, 3> kWholeLiver{kLiver, kTumour, kCyst};
constexpr std::array<std::uint8_t, 1> kTumourOnly{kTumour}, kCystOnly{kCyst}, kLiverOnly{kLiver};

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
  for (const auto& distance : {tumour.hd_mm, tumour.hd95_mm, tumour.hd95_pooled_mm, tumour.assd_mm,
                               tumour.rmsd_mm, tumour.centroid_distance_mm}) {
    EXPECT_DOUBLE_EQ(distance.value(), 6);
  }
  EXPECT_DOUBLE_EQ(tumour.reference_ml.value(), 0.01);
}

// A box of 6 x 4 x 3 voxels from (first_i, 2, 1) on, voxels of 2 x 1 x 5 mm.
LabelMap box_from(std::int64_t first_i) {
  LabelMap labels({{12, 8, 6}, {2, 1, 5}, {7, 8, 9}, Mat3::identity()});
  for (std::int64_t n = 0; n < 6 * 4 * 3; ++n) labels[{first_i + n % 6, 2 + n / 6 % 4, 1 + n / 24}] = kLiver;
  return labels;
}

TEST(EvaluateRegion, OfTwoBoxesByHand) {
  // P is R moved by one voxel, 2 mm, along i. 72 voxels each, 60 in common, 84 in either.
  const LabelMap prediction = box_from(3), reference = box_from(2);
  const RegionMetrics metrics = evaluate_region(prediction, reference, kLiverOnly);
  EXPECT_EQ(metrics.prediction_voxels, 72);
  EXPECT_EQ(metrics.reference_voxels, 72);
  EXPECT_EQ(metrics.common_voxels, 60);
  EXPECT_DOUBLE_EQ(metrics.dsc.value(), 120.0 / 144);
  EXPECT_DOUBLE_EQ(metrics.jaccard.value(), 60.0 / 84);
  EXPECT_DOUBLE_EQ(metrics.voe.value(), 24.0 / 84);
  EXPECT_EQ(metrics.rvd, 0.0);
  EXPECT_EQ(metrics.volume_error_ml, 0.0);
  EXPECT_DOUBLE_EQ(metrics.centroid_distance_mm.value(), 2);
  // Each has 72 - 4 * 2 * 1 = 64 surface voxels. Of P's, the 12 of the far face lie 2 mm from R's; of the
  // near face, which is inside R, the 2 in the middle lie 1 mm away (along j); the others are R's too.
  EXPECT_DOUBLE_EQ(metrics.hd_mm.value(), 2);
  EXPECT_DOUBLE_EQ(metrics.hd95_mm.value(), 2);
  EXPECT_DOUBLE_EQ(metrics.hd95_pooled_mm.value(), 2);
  EXPECT_DOUBLE_EQ(metrics.assd_mm.value(), (12 * 2 + 2 * 1) / 64.0);
  EXPECT_DOUBLE_EQ(metrics.rmsd_mm.value(), std::sqrt((12 * 4 + 2 * 1) / 64.0));
  EXPECT_DOUBLE_EQ(metrics.surface_dice.value(), 1);
  // R's contour in a slice: 6 * 4 - 4 * 2 = 16 pixels, of which P shares the 2 * 5 of the long sides. The 2 +
  // 2 pixels left at the near end are 2 mm from P's contour, the 2 at the far end 1 mm (along j).
  EXPECT_DOUBLE_EQ(metrics.added_path_length_mm.value(), 3 * 6 * 1.5);
  const auto path_at = [&](double tolerance_mm) {
    return evaluate_region(prediction, reference, kLiverOnly, {.path_tolerance_mm = tolerance_mm})
        .added_path_length_mm.value();
  };
  EXPECT_DOUBLE_EQ(path_at(0.999), 3 * 6 * 1.5);
  EXPECT_DOUBLE_EQ(path_at(1), 3 * 4 * 1.5);
  EXPECT_DOUBLE_EQ(path_at(2), 0);
}

TEST(EvaluateRegion, SignsOfTheVolumeErrors) {
  // 72 voxels of 0.01 mL against 71.
  LabelMap prediction = box_from(3), reference = box_from(3);
  reference[{3, 2, 1}] = kBackground;
  const RegionMetrics larger = evaluate_region(prediction, reference, kLiverOnly);
  EXPECT_DOUBLE_EQ(larger.rvd.value(), 1.0 / 71);
  EXPECT_DOUBLE_EQ(larger.volume_error_ml.value(), 0.01);
  const RegionMetrics smaller = evaluate_region(reference, prediction, kLiverOnly);
  EXPECT_DOUBLE_EQ(smaller.rvd.value(), -1.0 / 72);
  EXPECT_DOUBLE_EQ(smaller.volume_error_ml.value(), -0.01);
}

TEST(EvaluateRegion, ToleranceOfTheSurfaceDice) {
  // The elements of two voxels two steps apart along i: the four corners between them are 2 mm, one step,
  // from the other voxel's, the four outer ones 4 mm. All weigh the same.
  LabelMap prediction({{9, 5, 5}, {2, 1, 5}, {}, Mat3::identity()}), reference = prediction;
  prediction[{3, 2, 2}] = reference[{5, 2, 2}] = kLiver;
  const auto at = [&](double tolerance_mm) {
    return evaluate_region(prediction, reference, kLiverOnly, {.surface_tolerance_mm = tolerance_mm})
        .surface_dice.value();
  };
  EXPECT_DOUBLE_EQ(at(1.999), 0);
  EXPECT_DOUBLE_EQ(at(2), 0.5);
  EXPECT_DOUBLE_EQ(at(3.999), 0.5);
  EXPECT_DOUBLE_EQ(at(4), 1);
  // The default is 2 mm, and what single precision adds to the spacing does not decide.
  Geometry rounded = prediction.geometry();
  rounded.spacing_mm.x = 2.0000002;
  LabelMap p(rounded), r(rounded);
  p[{3, 2, 2}] = r[{5, 2, 2}] = kLiver;
  EXPECT_DOUBLE_EQ(evaluate_region(p, r, kLiverOnly).surface_dice.value(), 0.5);
}

TEST(EvaluateRegion, EmptyStructures) {
  const LabelMap labels = liver_with_tumour(3);
  LabelMap without = labels;
  without[{3, 3, 2}] = kLiver;
  const std::optional<double> none;
  struct Expected {
    std::optional<double> both_empty, only_prediction, only_reference;
  };
  // The tumour is one voxel of 0.01 mL; its contour one pixel of 2 x 1 mm.
  const std::map<std::string, Expected> expected{{"dsc", {none, 0, 0}},
                                                 {"jaccard", {none, 0, 0}},
                                                 {"voe", {none, 1, 1}},
                                                 {"rvd", {none, none, -1}},
                                                 {"hd_mm", {none, none, none}},
                                                 {"hd95_mm", {none, none, none}},
                                                 {"hd95_pooled_mm", {none, none, none}},
                                                 {"hd95_area_weighted_mm", {none, none, none}},
                                                 {"assd_mm", {none, none, none}},
                                                 {"rmsd_mm", {none, none, none}},
                                                 {"surface_dice", {none, 0, 0}},
                                                 {"added_path_length_mm", {0, 0, 1.5}},
                                                 {"centroid_distance_mm", {none, none, none}},
                                                 {"volume_ml", {0, 0.01, 0}},
                                                 {"reference_ml", {0, 0, 0.01}},
                                                 {"volume_error_ml", {0, 0.01, -0.01}}};
  const RegionMetrics both = evaluate_region(labels, labels, kCystOnly),
                      only_p = evaluate_region(labels, without, kTumourOnly),
                      only_r = evaluate_region(without, labels, kTumourOnly),
                      nothing = evaluate_region(LabelMap(labels.geometry()), LabelMap(labels.geometry()),
                                                kWholeLiver);
  for (const MetricInfo& metric : metric_table()) {
    SCOPED_TRACE(metric.key);
    ASSERT_TRUE(expected.contains(metric.key));
    const Expected& wanted = expected.at(metric.key);
    EXPECT_EQ(both.*(metric.value), wanted.both_empty);
    EXPECT_EQ(nothing.*(metric.value), wanted.both_empty);
    EXPECT_EQ(only_p.*(metric.value), wanted.only_prediction);
    EXPECT_EQ(only_r.*(metric.value), wanted.only_reference);
  }
}

LabelMap random_labels(const Geometry& grid, Random random) {
  LabelMap labels(grid);
  const double density = random.uniform(0.05, 0.9);
  for (auto& voxel : labels.voxels()) voxel = random.chance(density) ? kTumour : kBackground;
  return labels;
}

Geometry random_grid(Random random) {
  Geometry grid;
  for (int axis = 0; axis < 3; ++axis) {
    grid.size[axis] = random.integer(2, 9);
    grid.spacing_mm[axis] = random.uniform(0.5, 5);
  }
  return grid;
}

TEST(EvaluateRegion, SwappingTheMasks) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    SCOPED_TRACE(seed);
    const Geometry grid = random_grid(Random(seed));
    const LabelMap a = random_labels(grid, Random(seed).fork(1)),
                   b = random_labels(grid, Random(seed).fork(2));
    const RegionMetrics there = evaluate_region(a, b, kTumourOnly), back = evaluate_region(b, a, kTumourOnly);
    for (const char* key :
         {"dsc", "jaccard", "voe", "hd_mm", "hd95_mm", "hd95_pooled_mm", "hd95_area_weighted_mm", "assd_mm",
          "rmsd_mm", "surface_dice", "centroid_distance_mm"}) {
      const auto value = find_metric(key)->value;
      EXPECT_NEAR((there.*value).value(), (back.*value).value(), 1e-12) << key;
    }
    EXPECT_EQ(there.volume_ml, back.reference_ml);
    EXPECT_EQ(there.volume_error_ml, -back.volume_error_ml.value());
    EXPECT_NEAR((1 + there.rvd.value()) * (1 + back.rvd.value()), 1, 1e-12);
  }
}

// The same voxels on another grid whose axes are those of `from`: `source` says where a voxel comes from.
LabelMap rearranged(const LabelMap& from, const Geometry& grid, const std::function<Int3(Int3)>& source) {
  LabelMap to(grid);
  for (std::int64_t n = 0; n < grid.size.count(); ++n) {
    const Int3 at{n % grid.size.i, n / grid.size.i % grid.size.j, n / (grid.size.i * grid.size.j)};
    to[at] = from[source(at)];
  }
  return to;
}

Geometry permuted(const Geometry& grid, int i, int j, int k) {
  Geometry result = grid;
  result.size = {grid.size[i], grid.size[j], grid.size[k]};
  result.spacing_mm = {grid.spacing_mm[i], grid.spacing_mm[j], grid.spacing_mm[k]};
  return result;
}

void expect_same(const RegionMetrics& a, const RegionMetrics& b, bool with_slices) {
  for (const MetricInfo& metric : metric_table()) {
    if (!with_slices && metric.value == &RegionMetrics::added_path_length_mm) continue;
    EXPECT_NEAR((a.*(metric.value)).value(), (b.*(metric.value)).value(), 1e-9) << metric.key;
  }
}

TEST(EvaluateRegion, FlipsAndSwapsOfAxesChangeNothing) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    SCOPED_TRACE(seed);
    const Geometry grid = random_grid(Random(seed));
    const LabelMap a = random_labels(grid, Random(seed).fork(1)),
                   b = random_labels(grid, Random(seed).fork(2));
    const RegionMetrics metrics = evaluate_region(a, b, kTumourOnly);
    const auto after = [&](const Geometry& target, const std::function<Int3(Int3)>& source) {
      return evaluate_region(rearranged(a, target, source), rearranged(b, target, source), kTumourOnly);
    };
    expect_same(metrics, after(grid, [&](Int3 at) { return grid.size - Int3{1, 1, 1} - at; }), true);
    expect_same(metrics,
                after(permuted(grid, 1, 0, 2),
                      [](Int3 at) {
                        return Int3{at.j, at.i, at.k};
                      }),
                true);
    expect_same(metrics,
                after(permuted(grid, 2, 0, 1),
                      [](Int3 at) {
                        return Int3{at.j, at.k, at.i};
                      }),
                false);
  }
}

TEST(EvaluateRegion, CentroidsOnAnObliqueGrid) {
  // 3 steps of 2 mm along i and 4 of 2 mm along j: 10 mm, however the axes lie.
  Geometry grid{{9, 9, 3}, {2, 2, 5}, {10, 20, 30}, Mat3::identity()};
  grid.direction.set_column(0, {0.6, 0.8, 0});
  grid.direction.set_column(1, {-0.8, 0.6, 0});
  LabelMap prediction(grid), reference(grid);
  prediction[{1, 1, 1}] = reference[{4, 5, 1}] = kTumour;
  EXPECT_NEAR(evaluate_region(prediction, reference, kTumourOnly).centroid_distance_mm.value(), 10, 1e-12);
}

TEST(EvaluateRegion, SameForAnyThreadCount) {
  const Geometry grid{{40, 37, 21}, {0.8, 0.7, 2.5}, {}, Mat3::identity()};
  const LabelMap a = random_labels(grid, Random(1)), b = random_labels(grid, Random(2));
  const int threads = thread_count();
  set_thread_count(1);
  const RegionMetrics alone = evaluate_region(a, b, kTumourOnly);
  set_thread_count(3);
  const RegionMetrics together = evaluate_region(a, b, kTumourOnly);
  set_thread_count(threads);
  for (const MetricInfo& metric : metric_table())
    EXPECT_EQ(alone.*(metric.value), together.*(metric.value)) << metric.key;
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

TEST(EvaluateRegion, RefusesImpossibleTolerances) {
  const LabelMap labels = liver_with_tumour(3);
  for (const double tolerance : {-0.1, std::numeric_limits<double>::infinity(), std::nan("")}) {
    for (const MetricOptions& options :
         {MetricOptions{.surface_tolerance_mm = tolerance}, MetricOptions{.path_tolerance_mm = tolerance}}) {
      try {
        evaluate_region(labels, labels, kWholeLiver, options);
        FAIL() << "accepted " << tolerance;
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::kInvalidInput);
        EXPECT_THAT(error.what(), testing::HasSubstr("give one from 0 mm on"));
      }
    }
  }
}

TEST(EvaluateRegion, RefusesTheBackgroundAsStructure) {
  const LabelMap labels = liver_with_tumour(3);
  EXPECT_THROW(evaluate_region(labels, labels, std::array<std::uint8_t, 1>{kBackground}), Error);
}

}  // namespace
}  // namespace hepar
