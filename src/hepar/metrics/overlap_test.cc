// SPDX-License-Identifier: Apache-2.0
#include "hepar/metrics/overlap.h"

#include <gtest/gtest.h>

#include "hepar/core/error.h"

namespace hepar {
namespace {

// A cube of `edge` voxels from (first, first, first) on.
Mask cube(std::int64_t first, std::int64_t edge) {
  Mask mask({{20, 20, 20}, {1, 2, 3}, {}, Mat3::identity()});
  for (std::int64_t n = 0; n < edge * edge * edge; ++n) {
    mask[Int3{first, first, first} + Int3{n % edge, n / edge % edge, n / (edge * edge)}] = 1;
  }
  return mask;
}

TEST(Dice, CubesShiftedAlongTheDiagonal) {
  // |A| = |B| = 1000 and |A n B| = 8^3 = 512, so 2 * 512 / 2000.
  EXPECT_DOUBLE_EQ(dice(count_overlap(cube(5, 10), cube(7, 10))).value(), 0.512);
  EXPECT_DOUBLE_EQ(dice(count_overlap(cube(5, 10), cube(5, 10))).value(), 1.0);
}

TEST(Dice, AnyValueButZeroIsInside) {
  Mask other = cube(5, 10);
  for (auto& voxel : other.voxels()) voxel = voxel != 0 ? std::uint8_t{200} : std::uint8_t{0};
  EXPECT_DOUBLE_EQ(dice(count_overlap(cube(5, 10), other)).value(), 1.0);
}

TEST(Dice, OfEmptyMasks) {
  EXPECT_EQ(dice(count_overlap(cube(5, 0), cube(5, 0))), std::nullopt);
  EXPECT_EQ(dice(count_overlap(cube(5, 1), cube(5, 0))), 0.0);
  EXPECT_EQ(dice(count_overlap(cube(5, 0), cube(5, 1))), 0.0);
}

TEST(Jaccard, CubesShiftedAlongTheDiagonal) {
  // 512 voxels in common, 1000 + 1000 - 512 in either.
  EXPECT_DOUBLE_EQ(jaccard(count_overlap(cube(5, 10), cube(7, 10))).value(), 512.0 / 1488);
  EXPECT_EQ(jaccard(count_overlap(cube(5, 1), cube(5, 0))), 0.0);
  EXPECT_EQ(jaccard(count_overlap(cube(5, 0), cube(5, 0))), std::nullopt);
}

TEST(RelativeVolumeDifference, IsSigned) {
  // 8 voxels against 27.
  EXPECT_DOUBLE_EQ(relative_volume_difference(count_overlap(cube(5, 2), cube(5, 3))).value(), -19.0 / 27);
  EXPECT_DOUBLE_EQ(relative_volume_difference(count_overlap(cube(5, 3), cube(5, 2))).value(), 19.0 / 8);
  EXPECT_EQ(relative_volume_difference(count_overlap(cube(5, 0), cube(5, 2))), -1.0);
  EXPECT_EQ(relative_volume_difference(count_overlap(cube(5, 2), cube(5, 0))), std::nullopt);
}

TEST(CountOverlap, RefusesOtherSizes) {
  EXPECT_THROW(count_overlap(cube(5, 1), Mask({{20, 20, 19}, {1, 2, 3}, {}, Mat3::identity()})), Error);
}

}  // namespace
}  // namespace hepar
