// SPDX-License-Identifier: Apache-2.0
#include "hepar/imaging/distance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/core/random.h"

namespace hepar {
namespace {

Mask random_mask(std::uint64_t seed) {
  Random random(seed);
  Geometry geometry;
  for (int axis = 0; axis < 3; ++axis) {
    geometry.size[axis] = random.integer(1, 11);
    geometry.spacing_mm[axis] = random.uniform(0.4, 5);
  }
  Mask mask(geometry);
  const double density = random.uniform(0.005, 0.3);
  for (auto& voxel : mask.voxels()) voxel = random.chance(density) ? std::uint8_t{255} : std::uint8_t{0};
  return mask;
}

double brute_force(const Mask& mask, Int3 at) {
  double least = std::numeric_limits<double>::infinity();
  const Int3 size = mask.size();
  for (std::int64_t n = 0; n < size.count(); ++n) {
    const Int3 other{n % size.i, n / size.i % size.j, n / (size.i * size.j)};
    if (mask[other] == 0) continue;
    const Vec3 step = to_vec(other - at), spacing = mask.geometry().spacing_mm;
    const Vec3 way{step.x * spacing.x, step.y * spacing.y, step.z * spacing.z};
    least = std::min(least, way.dot(way));
  }
  return least;
}

TEST(SquaredDistance, AgreesWithBruteForceOnAnisotropicGrids) {
  int not_empty = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const Mask mask = random_mask(seed);
    const auto squared = squared_distance_mm2(mask);
    const Int3 size = mask.size();
    for (std::int64_t n = 0; n < size.count(); ++n) {
      const Int3 at{n % size.i, n / size.i % size.j, n / (size.i * size.j)};
      const double wanted = brute_force(mask, at);
      if (std::isinf(wanted)) {
        ASSERT_TRUE(std::isinf(squared[at]));
      } else {
        ASSERT_NEAR(squared[at], wanted, 1e-9) << "seed " << seed;
        not_empty += at == Int3{} ? 1 : 0;
      }
    }
  }
  EXPECT_GT(not_empty, 100);
}

TEST(SquaredDistance, OfOneVoxelByHand) {
  Mask mask({{4, 3, 2}, {2, 3, 5}, {}, Mat3::identity()});
  mask[{3, 2, 0}] = 1;
  const auto squared = squared_distance_mm2(mask);
  EXPECT_DOUBLE_EQ((squared[{3, 2, 0}]), 0);
  EXPECT_DOUBLE_EQ((squared[{0, 0, 1}]), 6 * 6 + 6 * 6 + 5 * 5);
}

TEST(SquaredDistance, IsInfiniteWithoutMask) {
  const auto squared = squared_distance_mm2(Mask({{3, 4, 5}, {1, 1, 1}, {}, Mat3::identity()}));
  EXPECT_THAT(squared.voxels(), testing::Each(std::numeric_limits<double>::infinity()));
}

TEST(SquaredDistance, SameForAnyThreadCount) {
  Mask mask({{30, 31, 32}, {0.7, 0.8, 2.1}, {}, Mat3::identity()});
  Random random(1);
  for (auto& voxel : mask.voxels()) voxel = random.chance(0.001) ? 1 : 0;
  const int threads = thread_count();
  set_thread_count(1);
  const auto alone = squared_distance_mm2(mask);
  set_thread_count(3);
  const auto together = squared_distance_mm2(mask);
  set_thread_count(threads);
  EXPECT_TRUE(std::equal(alone.voxels().begin(), alone.voxels().end(), together.voxels().begin()));
}

// Compares with brute force; gives how many places were asked.
int expect_brute_force(const Mask& from, const Mask& to) {
  const auto squared = squared_distances_mm2(from, to);
  const Int3 size = from.size();
  std::size_t asked = 0;
  for (std::int64_t n = 0; n < size.count(); ++n) {
    const Int3 at{n % size.i, n / size.i % size.j, n / (size.i * size.j)};
    if (from[at] == 0) continue;
    if (asked >= squared.size()) break;
    EXPECT_NEAR(squared[asked++], brute_force(to, at), 1e-9);
  }
  EXPECT_EQ(asked, squared.size());
  return static_cast<int>(asked);
}

TEST(SquaredDistances, AgreeWithBruteForceBetweenMasks) {
  int asked = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    const Mask from = random_mask(seed);
    Mask to(from.geometry());
    Random random = Random(seed).fork(1);
    const double density = seed % 2 == 0 ? 0.3 : 0.01;
    for (auto& voxel : to.voxels()) voxel = random.chance(density) ? std::uint8_t{7} : std::uint8_t{0};
    to[{random.integer(0, to.size().i - 1), random.integer(0, to.size().j - 1),
        random.integer(0, to.size().k - 1)}] = 1;
    asked += expect_brute_force(from, to);
  }
  EXPECT_GT(asked, 2000);
}

TEST(SquaredDistances, OfManyPlacesFarAway) {
  // Every place of a slice asks, and all but a few are far from the two voxels: the transform must answer.
  Mask from({{30, 25, 6}, {0.7, 1.3, 2.1}, {}, Mat3::identity()}, 1), to(from.geometry());
  to[{3, 2, 4}] = to[{17, 20, 0}] = 1;
  expect_brute_force(from, to);
  // The voxels lie in a wide box, so that the search has much to look at; and beyond all that asks.
  std::fill(from.voxels().begin(), from.voxels().end(), std::uint8_t{0});
  for (std::int64_t n = 0; n < 10 * 10; ++n) from[{10 + n % 10, 8 + n / 10, 2}] = 1;
  to[{0, 24, 5}] = to[{29, 0, 5}] = 1;
  expect_brute_force(from, to);
}

TEST(SquaredDistances, WithoutMasks) {
  Mask empty({{3, 4, 5}, {1, 1, 1}, {}, Mat3::identity()}), one = empty;
  one[{1, 1, 1}] = 1;
  EXPECT_THAT(squared_distances_mm2(empty, one), testing::IsEmpty());
  EXPECT_THAT(squared_distances_mm2(one, empty),
              testing::ElementsAre(std::numeric_limits<double>::infinity()));
}

TEST(SquaredDistances, SameForAnyThreadCount) {
  Mask from({{30, 31, 32}, {0.7, 0.8, 2.1}, {}, Mat3::identity()}), to = from;
  Random random(1);
  for (auto& voxel : from.voxels()) voxel = random.chance(0.1) ? 1 : 0;
  for (auto& voxel : to.voxels()) voxel = random.chance(0.001) ? 1 : 0;
  const int threads = thread_count();
  set_thread_count(1);
  const auto alone = squared_distances_mm2(from, to);
  set_thread_count(3);
  const auto together = squared_distances_mm2(from, to);
  set_thread_count(threads);
  EXPECT_EQ(alone, together);
}

TEST(SquaredDistances, RefuseWhatTheyCannotHold) {
  const Mask one({{1, 1, 1}, {1, 1, 1}, {}, Mat3::identity()}, 1),
      two({{1, 1, 2}, {1, 1, 1}, {}, Mat3::identity()}, 1);
  EXPECT_THROW(squared_distances_mm2(one, two), Error);
  // 16383 slices are the most.
  for (const std::int64_t slices : {16383, 16384}) {
    Mask from({{1, 1, 16384}, {1, 1, 1}, {}, Mat3::identity()}), to = from;
    from[{0, 0, 0}] = to[{0, 0, slices - 1}] = 1;
    if (slices == 16383) {
      EXPECT_THAT(squared_distances_mm2(from, to), testing::ElementsAre(16382.0 * 16382.0));
      continue;
    }
    try {
      squared_distances_mm2(from, to);
      FAIL() << "accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kUnsupported);
      EXPECT_THAT(error.what(), testing::HasSubstr("16384 slices"));
    }
  }
}

}  // namespace
}  // namespace hepar
