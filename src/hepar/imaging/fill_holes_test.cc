// SPDX-License-Identifier: Apache-2.0
#include "hepar/imaging/fill_holes.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "hepar/imaging/box.h"

namespace hepar {
namespace {

// A solid cube of 5 voxels in a volume of 7.
Mask cube() {
  Mask mask(Geometry{.size = {7, 7, 7}});
  for (std::int64_t k = 1; k < 6; ++k) {
    for (std::int64_t j = 1; j < 6; ++j) {
      for (std::int64_t i = 1; i < 6; ++i) mask[{i, j, k}] = 1;
    }
  }
  return mask;
}

std::int64_t count(const Mask& mask) { return std::count(mask.voxels().begin(), mask.voxels().end(), 1); }

TEST(FillHoles, FillsWhatIsClosed) {
  Mask mask = cube();
  mask[{3, 3, 3}] = mask[{3, 3, 4}] = mask[{2, 2, 2}] = 0;
  fill_holes(mask);
  EXPECT_EQ(count(mask), 125);
}

TEST(FillHoles, DiagonalGapsAreClosed) {
  // The hole at (2, 2, 2) meets the gap at (1, 1, 2) only at an edge.
  Mask mask = cube();
  mask[{2, 2, 2}] = mask[{1, 1, 2}] = 0;
  fill_holes(mask);
  EXPECT_EQ(count(mask), 124);
  EXPECT_EQ((mask[{1, 1, 2}]), 0);
}

TEST(FillHoles, OpenPitsStay) {
  Mask mask = cube();
  for (std::int64_t k = 1; k < 4; ++k) mask[{3, 3, k}] = 0;
  fill_holes(mask);
  EXPECT_EQ(count(mask), 122);
}

TEST(FillHoles, ZerosAtTheVolumesFaceAreOutside) {
  Mask mask(Geometry{.size = {3, 3, 3}}, 1);
  mask[{1, 1, 0}] = 0;
  fill_holes(mask);
  EXPECT_EQ(count(mask), 26);
}

}  // namespace
}  // namespace hepar
