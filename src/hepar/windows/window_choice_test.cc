// SPDX-License-Identifier: Apache-2.0
#include "hepar/windows/window_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hepar/core/error.h"

namespace hepar {
namespace {

using testing::Each;
using testing::ElementsAre;

// Along w windows of 4 in 12 voxels begin at 0, 2, 4, 6 and 8.
const Kernel3 kLine{1, 1, 12}, kPatch{1, 1, 4};

RegionMask line(std::initializer_list<std::uint8_t> inside) {
  return {{1, 1, static_cast<std::int64_t>(inside.size())}, inside};
}

TEST(WindowsOver, TakesTheFewestNeighboursThatHoldTheRegion) {
  const SlidingWindows windows(kLine, kPatch);
  // Voxels 5 to 7: the last window that holds 5 begins at 4 and holds 7 too.
  EXPECT_THAT(windows_over(windows, line({0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0})), ElementsAre(0, 0, 1, 0, 0));
  // Voxels 5 to 8: 8 needs the window that begins at 6.
  EXPECT_THAT(windows_over(windows, line({0, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0})), ElementsAre(0, 0, 1, 1, 0));
  // From edge to edge, but the window at 4 holds nothing of it.
  EXPECT_THAT(windows_over(windows, line({1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1})), ElementsAre(1, 0, 0, 0, 1));
  EXPECT_THAT(windows_over(windows, line({1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1})), Each(1));
  EXPECT_THAT(windows_over(windows, line({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})), Each(0));
}

TEST(WindowsOver, TakesTheRegionOnACoarserGrid) {
  const SlidingWindows windows(kLine, kPatch);
  // Four voxels of 3: centres at 1.5, 4.5, 7.5 and 10.5.
  EXPECT_THAT(windows_over(windows, line({0, 1, 0, 0})), ElementsAre(0, 0, 1, 0, 0));
  EXPECT_THAT(windows_over(windows, line({0, 1, 1, 0})), ElementsAre(0, 0, 1, 0, 0));
  EXPECT_THAT(windows_over(windows, line({0, 0, 1, 1})), ElementsAre(0, 0, 0, 1, 1));
}

// In the plane: windows begin at 0, 2 and 4 along h and w; the two regions lie in opposite corners.
TEST(WindowsOver, LeavesOutWindowsOfTheBoxThatHoldNothing) {
  const SlidingWindows windows({1, 8, 8}, {1, 4, 4});
  RegionMask corners{{1, 8, 8}, std::vector<std::uint8_t>(64)};
  corners.inside[0] = corners.inside[63] = 1;
  EXPECT_THAT(windows_over(windows, corners), ElementsAre(1, 0, 0, 0, 0, 0, 0, 0, 1));
  EXPECT_EQ(count_outside(windows, {1, 0, 0, 0, 0, 0, 0, 0, 1}, corners), 0);
  EXPECT_EQ(count_outside(windows, {0, 0, 0, 0, 0, 0, 0, 0, 1}, corners), 1);
}

// Whatever the region, the volume, the padding and the step: no voxel's centre is left out.
TEST(WindowsOver, HoldsEveryVoxelOfTheRegion) {
  for (const std::int64_t size : {3, 7, 12, 13}) {
    for (const std::int64_t grid : {1, 2, 3, 5, 7, 12}) {
      for (const double step : {0.5, 0.75, 1.0}) {
        const SlidingWindows windows({5, 1, size}, {4, 1, 4}, step);
        for (std::int64_t first = 0; first < grid; ++first) {
          RegionMask region{{1, 1, grid}, std::vector<std::uint8_t>(static_cast<std::size_t>(grid))};
          for (std::int64_t last = first; last < grid; ++last) {
            region.inside[static_cast<std::size_t>(last)] = 1;
            EXPECT_EQ(count_outside(windows, windows_over(windows, region), region), 0)
                << size << ' ' << grid << ' ' << step << ' ' << first << ' ' << last;
          }
        }
      }
    }
  }
}

TEST(WindowsOver, RefusesAMaskOfAnotherSize) {
  EXPECT_THROW(windows_over(SlidingWindows(kLine, kPatch), {{1, 1, 3}, {0, 1}}), Error);
}

TEST(WindowsAbove, AreThoseThatSeeMoreThanAir) {
  const SlidingWindows windows(kLine, kPatch);
  Tensor image({1, 2, 1, 1, 12}, -1.0F);
  std::fill(image.values.begin() + 12, image.values.end(), 5.0F);  // another channel does not count
  image.values[5] = -0.5F;
  EXPECT_THAT(windows_above(windows, image, -1.0F), ElementsAre(0, 1, 1, 0, 0));
  EXPECT_THAT(windows_above(windows, image, -0.5F), Each(0));
  // A small image is padded, and padding is no body.
  EXPECT_THAT(windows_above(SlidingWindows({1, 1, 2}, kPatch), Tensor({1, 1, 1, 1, 2}, -1.0F), -1.0F),
              ElementsAre(0));
}

}  // namespace
}  // namespace hepar
