// SPDX-License-Identifier: Apache-2.0
#include "hepar/metrics/surface_distance.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/core/random.h"
#include "hepar/metrics/surface_area.h"
#include "hepar/numeric/statistics.h"

namespace hepar {
namespace {

struct Pair {
  Mask prediction, reference;
};

// Two overlapping clouds of voxels on a small anisotropic grid, often touching its border.
Pair random_pair(std::uint64_t seed) {
  Random random(seed);
  Geometry geometry;
  for (int axis = 0; axis < 3; ++axis) {
    geometry.size[axis] = random.integer(1, 10);
    geometry.spacing_mm[axis] = random.uniform(0.5, 5);
  }
  Pair pair{Mask(geometry), Mask(geometry)};
  const double dense = random.uniform(0.05, 0.95), other = random.uniform(0.05, 0.95);
  for (auto& voxel : pair.prediction.voxels()) voxel = random.chance(dense);
  for (auto& voxel : pair.reference.voxels())
    voxel = random.chance(other) ? std::uint8_t{9} : std::uint8_t{0};
  return pair;
}

bool inside(const Mask& mask, Int3 at) { return mask.contains(at) && mask[at] != 0; }

Vec3 in_mm(const Mask& mask, Int3 at) {
  const Vec3 index = to_vec(at), spacing = mask.geometry().spacing_mm;
  return {index.x * spacing.x, index.y * spacing.y, index.z * spacing.z};
}

struct Points {
  std::vector<Vec3> at_mm;
  std::vector<double> areas_mm2;
};

Points surface_by_hand(const Mask& mask) {
  Points points;
  for (std::int64_t n = 0; n < mask.size().count(); ++n) {
    const Int3 size = mask.size(), at{n % size.i, n / size.i % size.j, n / (size.i * size.j)};
    if (!inside(mask, at)) continue;
    for (const Int3 step :
         {Int3{1, 0, 0}, Int3{-1, 0, 0}, Int3{0, 1, 0}, Int3{0, -1, 0}, Int3{0, 0, 1}, Int3{0, 0, -1}}) {
      if (inside(mask, at + step)) continue;
      points.at_mm.push_back(in_mm(mask, at));
      break;
    }
  }
  return points;
}

Points elements_by_hand(const Mask& mask) {
  Points points;
  const auto areas = surface_areas_mm2(mask.geometry().spacing_mm);
  const Int3 size = mask.size() + Int3{1, 1, 1};
  for (std::int64_t n = 0; n < size.count(); ++n) {
    const Int3 corner{n % size.i, n / size.i % size.j, n / (size.i * size.j)};
    std::size_t code = 0;
    for (std::int64_t bit = 0; bit < 8; ++bit) {
      const Int3 voxel = corner - Int3{1, 1, 1} + Int3{bit & 1, bit >> 1 & 1, bit >> 2};
      if (inside(mask, voxel)) code |= std::size_t{1} << bit;
    }
    if (code == 0 || code == 255) continue;
    points.at_mm.push_back(in_mm(mask, corner));
    points.areas_mm2.push_back(areas[code]);
  }
  return points;
}

std::vector<double> distances_by_hand(const Points& from, const Points& to) {
  std::vector<double> result;
  for (const Vec3 a : from.at_mm) {
    double least = std::numeric_limits<double>::infinity();
    for (const Vec3 b : to.at_mm) least = std::min(least, (a - b).norm());
    result.push_back(least);
  }
  return result;
}

// numpy.percentile(values, 95): between the order statistics around (n - 1) * 0.95.
double percentile95(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const double position = static_cast<double>(values.size() - 1) * 0.95;
  const auto low = static_cast<std::size_t>(position);
  const std::size_t high = std::min(low + 1, values.size() - 1);
  return values[low] + (position - static_cast<double>(low)) * (values[high] - values[low]);
}

// The distance at which the area, added up from the nearest element on, reaches 95 %.
double weighted95(const Points& from, const Points& to) {
  const auto distances = distances_by_hand(from, to);
  const double total = std::accumulate(from.areas_mm2.begin(), from.areas_mm2.end(), 0.0);
  double result = std::numeric_limits<double>::infinity();
  for (const double candidate : distances) {
    double within = 0;
    for (std::size_t n = 0; n < distances.size(); ++n)
      within += distances[n] <= candidate ? from.areas_mm2[n] : 0;
    if (within >= 0.95 * total * (1 - 1e-12)) result = std::min(result, candidate);
  }
  return result;
}

double area_within(const Points& from, const Points& to, double tolerance_mm) {
  const auto distances = distances_by_hand(from, to);
  double area = 0;
  for (std::size_t n = 0; n < distances.size(); ++n)
    area += distances[n] <= tolerance_mm ? from.areas_mm2[n] : 0;
  return area;
}

TEST(SurfaceMetrics, AgreeWithBruteForceOnRandomMasks) {
  int compared = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const auto [prediction, reference] = random_pair(seed);
    const auto metrics = surface_metrics(prediction, reference);
    const Points p = surface_by_hand(prediction), r = surface_by_hand(reference);
    ASSERT_EQ(metrics.has_value(), !p.at_mm.empty() && !r.at_mm.empty());
    if (!metrics) continue;
    ++compared;
    const auto from_p = distances_by_hand(p, r), from_r = distances_by_hand(r, p);
    auto pooled = from_p;
    pooled.insert(pooled.end(), from_r.begin(), from_r.end());
    EXPECT_NEAR(metrics->hd_mm, *std::max_element(pooled.begin(), pooled.end()), 1e-9) << seed;
    EXPECT_NEAR(metrics->hd95_mm, std::max(percentile95(from_p), percentile95(from_r)), 1e-9) << seed;
    EXPECT_NEAR(metrics->hd95_pooled_mm, percentile95(pooled), 1e-9) << seed;
    EXPECT_NEAR(metrics->assd_mm,
                std::accumulate(pooled.begin(), pooled.end(), 0.0) / static_cast<double>(pooled.size()),
                1e-9);
    EXPECT_NEAR(metrics->rmsd_mm,
                std::sqrt(std::inner_product(pooled.begin(), pooled.end(), pooled.begin(), 0.0) /
                          static_cast<double>(pooled.size())),
                1e-9);
    const Points pe = elements_by_hand(prediction), re = elements_by_hand(reference);
    EXPECT_NEAR(metrics->surface_dice,
                (area_within(pe, re, 2) + area_within(re, pe, 2)) /
                    (area_within(pe, re, 1e9) + area_within(re, pe, 1e9)),
                1e-9)
        << seed;
    EXPECT_NEAR(metrics->hd95_area_weighted_mm, std::max(weighted95(pe, re), weighted95(re, pe)), 1e-9)
        << seed;
  }
  EXPECT_GT(compared, 180);
}

double weighted_mean(const WeightedDistances& d) {
  const double area = std::accumulate(d.areas_mm2.begin(), d.areas_mm2.end(), 0.0);
  return std::inner_product(d.distances_mm.begin(), d.distances_mm.end(), d.areas_mm2.begin(), 0.0) / area;
}

TEST(SurfaceElementDistances, OfTwoVoxelsAsDeepMindStates) {
  // google-deepmind/surface-distance @1f805ce, surface_distance_test.py: voxels 2 mm apart.
  Mask a({{128, 128, 128}, {3, 2, 1}, {}, Mat3::identity()}), b = a;
  a[{50, 60, 70}] = b[{50, 60, 72}] = 1;
  const auto distances = surface_element_distances(a, b).value();
  EXPECT_NEAR(weighted_mean(distances.from_prediction), 1.5, 1e-9);
  EXPECT_NEAR(weighted_mean(distances.from_reference), 1.5, 1e-9);
  EXPECT_EQ(weighted_percentile(distances.from_prediction, 100), 2);
  EXPECT_EQ(surface_metrics(a, b)->hd95_area_weighted_mm, 2);
}

TEST(SurfaceElementDistances, OfTwoSlabsAsDeepMindStates) {
  // The same source: the first 50 and 51 of 100 planes 2 mm apart; means to three decimals.
  Mask a({{100, 100, 100}, {2, 1, 1}, {}, Mat3::identity()}), b = a;
  for (std::int64_t n = 0; n < 10000; ++n) {
    std::fill_n(&a[{0, n % 100, n / 100}], 50, std::uint8_t{1});
    std::fill_n(&b[{0, n % 100, n / 100}], 51, std::uint8_t{1});
  }
  const auto distances = surface_element_distances(a, b).value();
  EXPECT_NEAR(weighted_mean(distances.from_prediction), 0.322, 5e-4);
  EXPECT_NEAR(weighted_mean(distances.from_reference), 0.339, 5e-4);
  EXPECT_EQ(weighted_percentile(distances.from_prediction, 100), 2);
  EXPECT_EQ(surface_metrics(a, b)->hd95_area_weighted_mm, 2);
}

Mask sphere(Vec3 centre_mm, double radius_mm, Vec3 spacing) {
  Mask mask({{99, 99, 99}, spacing, {}, Mat3::identity()});
  for (std::int64_t n = 0; n < mask.size().count(); ++n) {
    const Int3 at{n % 99, n / 99 % 99, n / (99 * 99)};
    const Vec3 away = in_mm(mask, at) - centre_mm;
    mask[at] = away.dot(away) <= radius_mm * radius_mm;
  }
  return mask;
}

TEST(SurfaceDistances, OfSpheresAsMonaiStates) {
  // Project-MONAI/MONAI @d388d1c, tests/metrics/test_hausdorff_distance.py: the percentile from prediction
  // to reference, and the larger of both directions. The pooled one: SciPy, by the definition above.
  struct Case {
    double radius, other_radius;
    Vec3 centre, other_centre, spacing;
    double percent, directed, larger;
  };
  const std::vector<Case> cases{
      {20, 20, {20, 20, 20}, {19, 19, 19}, {1, 1, 1}, 100, 1.7320508075688772, 1.7320508075688772},
      {33, 33, {19, 33, 22}, {20, 33, 22}, {1, 1, 1}, 100, 1, 1},
      {20, 40, {20, 33, 22}, {20, 33, 22}, {1, 1, 1}, 100, 20.09975124224178, 20.223748416156685},
      {20, 40, {20, 33, 22}, {20, 33, 22}, {1, 1, 1}, 95, 19.924858845171276, 20.09975124224178},
      {20, 20, {20, 20, 20}, {19, 19, 19}, {0.85, 1.2, 0.9}, 100, 2.0808651447296143, 2.2671568},
      {15, 30, {20, 33, 22}, {20, 33, 22}, {0.85, 1.2, 0.9}, 100, 15.439640998840332, 15.62594}};
  for (const Case& c : cases) {
    const Mask a = sphere(c.centre, c.radius, c.spacing),
               b = sphere(c.other_centre, c.other_radius, c.spacing);
    const auto distances = surface_distances(a, b).value();
    const double directed = percentile(distances.from_prediction_mm, c.percent).value();
    EXPECT_NEAR(directed, c.directed, 1e-5);
    EXPECT_NEAR(std::max(directed, percentile(distances.from_reference_mm, c.percent).value()), c.larger,
                1e-5);
    if (c.percent == 95) {
      EXPECT_NEAR(surface_metrics(a, b)->hd95_mm, c.larger, 1e-9);
      EXPECT_NEAR(surface_metrics(a, b)->hd95_pooled_mm, 20.049937655763422, 1e-9);
    }
  }
}

TEST(SurfaceMetrics, AreUndefinedForEmptyMasks) {
  Mask empty({{5, 5, 5}, {1, 1, 1}, {}, Mat3::identity()}), full = empty;
  full[{2, 2, 2}] = 1;
  EXPECT_FALSE(surface_metrics(empty, empty).has_value());
  EXPECT_FALSE(surface_metrics(empty, full).has_value());
  EXPECT_FALSE(surface_metrics(full, empty).has_value());
  EXPECT_FALSE(surface_distances(full, empty).has_value());
  EXPECT_FALSE(surface_element_distances(empty, full).has_value());
}

TEST(SurfaceMetrics, AreSymmetricAndZeroForEqualMasks) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto [a, b] = random_pair(seed);
    const auto there = surface_metrics(a, b), back = surface_metrics(b, a), same = surface_metrics(a, a);
    if (!there) continue;
    EXPECT_EQ(there->hd95_mm, back->hd95_mm);
    EXPECT_EQ(there->hd95_area_weighted_mm, back->hd95_area_weighted_mm);
    EXPECT_NEAR(there->assd_mm, back->assd_mm, 1e-12);
    EXPECT_EQ(same->hd_mm, 0);
    EXPECT_EQ(same->hd95_area_weighted_mm, 0);
  }
}

TEST(SurfaceMetrics, SameForAnyThreadCount) {
  const auto [a, b] = random_pair(4);
  const int threads = thread_count();
  set_thread_count(1);
  const auto alone = surface_metrics(a, b);
  set_thread_count(3);
  const auto together = surface_metrics(a, b);
  set_thread_count(threads);
  ASSERT_TRUE(alone.has_value());
  EXPECT_EQ(alone->assd_mm, together->assd_mm);
  EXPECT_EQ(alone->hd95_area_weighted_mm, together->hd95_area_weighted_mm);
}

TEST(SurfaceMetrics, RefuseOtherSizes) {
  const Mask a({{5, 5, 5}, {1, 1, 1}, {}, Mat3::identity()}, 1),
      b({{5, 5, 6}, {1, 1, 1}, {}, Mat3::identity()}, 1);
  EXPECT_THROW(surface_metrics(a, b), Error);
}

TEST(WeightedPercentile, ByHand) {
  // Areas 1, 2, 7 at 3, 1, 2 mm; in order of distance the area reaches 2, 9, 10 of 10.
  const WeightedDistances distances{{3, 1, 2}, {1, 2, 7}};
  EXPECT_EQ(weighted_percentile(distances, 20), 1);
  EXPECT_EQ(weighted_percentile(distances, 21), 2);
  EXPECT_EQ(weighted_percentile(distances, 90), 2);
  EXPECT_EQ(weighted_percentile(distances, 95), 3);
  EXPECT_EQ(weighted_percentile(distances, 0), 1);
  EXPECT_EQ(weighted_percentile(distances, 100), 3);
  EXPECT_THROW(weighted_percentile({}, 95), Error);
}

TEST(SurfaceDice, ByHand) {
  // Areas 1 at 0.5 mm and 2 at 1.5 mm on one side, 3 at 1 mm and 4 at 2 mm on the other: 10 in all.
  const SurfaceElementDistances distances{{{0.5, 1.5}, {1, 2}}, {{1, 2}, {3, 4}}};
  EXPECT_DOUBLE_EQ(surface_dice(distances, 0.4), 0);
  EXPECT_DOUBLE_EQ(surface_dice(distances, 1), 0.4);
  EXPECT_DOUBLE_EQ(surface_dice(distances, 1.9), 0.6);
  EXPECT_DOUBLE_EQ(surface_dice(distances, 2), 1);
  EXPECT_THROW(surface_dice({}, 1), Error);
}

}  // namespace
}  // namespace hepar
