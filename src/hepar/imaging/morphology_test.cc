// SPDX-License-Identifier: Apache-2.0
#include "hepar/imaging/morphology.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "hepar/core/error.h"
#include "hepar/core/random.h"
#include "hepar/imaging/box.h"

namespace hepar {
namespace {

// Blobs rather than noise, so that openings and closings do something.
Mask random_mask(std::uint64_t seed) {
  Random random(seed);
  Geometry geometry;
  for (int axis = 0; axis < 3; ++axis) {
    geometry.size[axis] = random.integer(3, 10);
    geometry.spacing_mm[axis] = random.uniform(0.6, 3);
  }
  Mask mask(geometry);
  const double density = random.uniform(0.02, 0.9);
  for (auto& voxel : mask.voxels()) voxel = random.chance(density) ? std::uint8_t{1} : std::uint8_t{0};
  return mask;
}

std::vector<Int3> ball_steps(Vec3 spacing, double radius_mm) {
  std::vector<Int3> steps;
  for (std::int64_t n = 0; n < 17 * 17 * 17; ++n) {
    const Int3 step{n % 17 - 8, n / 17 % 17 - 8, n / 289 - 8};
    const Vec3 way = to_vec(step);
    if (Vec3{way.x * spacing.x, way.y * spacing.y, way.z * spacing.z}.norm() <= radius_mm)
      steps.push_back(step);
  }
  return steps;
}

// The oracle, with background beyond the image: 1 where any (for `all`, every) voxel of the ball around a
// voxel is set. Radii up to 8 voxels.
Mask brute_force(const Mask& mask, double radius_mm, bool all) {
  Mask result(mask.geometry());
  const Int3 size = mask.size();
  const auto steps = ball_steps(mask.geometry().spacing_mm, radius_mm);
  for (std::int64_t n = 0; n < size.count(); ++n) {
    const Int3 at{n % size.i, n / size.i % size.j, n / (size.i * size.j)};
    const auto set = [&](Int3 step) { return mask.contains(at + step) && mask[at + step] != 0; };
    result[at] =
        all ? std::all_of(steps.begin(), steps.end(), set) : std::any_of(steps.begin(), steps.end(), set);
  }
  return result;
}

bool same(const Mask& a, const Mask& b) {
  return std::equal(a.voxels().begin(), a.voxels().end(), b.voxels().begin());
}

TEST(Morphology, AgreesWithBruteForceOnAnisotropicGrids) {
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    const Mask mask = random_mask(seed);
    const double radius_mm = Random(seed).fork(1).uniform(0.5, 4);
    ASSERT_TRUE(same(dilate(mask, radius_mm), brute_force(mask, radius_mm, false))) << seed;
    ASSERT_TRUE(same(erode(mask, radius_mm), brute_force(mask, radius_mm, true))) << seed;
    // Around the image the oracle needs room for what grows beyond it.
    const Box3 roomy{Int3{} - Int3{8, 8, 8}, mask.size() + Int3{8, 8, 8}};
    const Mask padded = crop(mask, roomy);
    const Box3 back{{8, 8, 8}, padded.size() - Int3{8, 8, 8}};
    const Mask closed = brute_force(brute_force(padded, radius_mm, false), radius_mm, true);
    const Mask opened = brute_force(brute_force(padded, radius_mm, true), radius_mm, false);
    ASSERT_TRUE(same(closing(mask, radius_mm), crop(closed, back))) << seed;
    ASSERT_TRUE(same(opening(mask, radius_mm), crop(opened, back))) << seed;
  }
}

TEST(Dilate, ABallByHand) {
  // Spacing 1 x 1 x 3 mm, radius 2 mm: 13 voxels of the disc i^2 + j^2 <= 4, none in the next slices; with
  // radius 3 mm the disc has 29 and the slices above and below one each.
  Mask mask({{9, 9, 5}, {1, 1, 3}, {}, Mat3::identity()});
  mask[{4, 4, 2}] = 1;
  const auto count = [](const Mask& m) { return std::accumulate(m.voxels().begin(), m.voxels().end(), 0); };
  EXPECT_EQ(count(dilate(mask, 2)), 13);
  EXPECT_EQ(count(dilate(mask, 3)), 31);
  EXPECT_EQ(count(dilate(mask, 0)), 1);
  EXPECT_EQ(count(erode(dilate(mask, 3), 3)), 1);
}

TEST(Closing, FillsTheGapAndKeepsTheBorder) {
  // Two slabs with a gap of 2 voxels, at the image border: a ball of 1.5 mm does not fit between.
  Mask mask({{12, 6, 6}, {1, 1, 1}, {}, Mat3::identity()}, 1);
  for (std::int64_t k = 0; k < 6; ++k) {
    for (std::int64_t j = 0; j < 6; ++j) mask[{5, j, k}] = mask[{6, j, k}] = 0;
  }
  const Mask closed = closing(mask, 1.5);
  EXPECT_EQ((closed[{5, 3, 3}]), 1);
  for (std::size_t n = 0; n < mask.voxels().size(); ++n) ASSERT_GE(closed.voxels()[n], mask.voxels()[n]);
}

TEST(Morphology, EmptyMasksStayEmpty) {
  const Mask empty({{4, 4, 4}, {1, 1, 1}, {}, Mat3::identity()});
  EXPECT_TRUE(same(dilate(empty, 5), empty));
  EXPECT_TRUE(same(closing(empty, 5), empty));
}

TEST(Morphology, RefusesRadiiThatAreNone) {
  const Mask mask({{2, 2, 2}, {1, 1, 1}, {}, Mat3::identity()}, 1);
  EXPECT_THROW(dilate(mask, -1), Error);
  EXPECT_THROW(erode(mask, std::nan("")), Error);
  EXPECT_THROW(closing(mask, std::numeric_limits<double>::infinity()), Error);
}

}  // namespace
}  // namespace hepar
