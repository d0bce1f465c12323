// SPDX-License-Identifier: Apache-2.0
#include "hepar/imaging/distance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

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

}  // namespace
}  // namespace hepar
