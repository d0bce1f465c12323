// SPDX-License-Identifier: Apache-2.0
#include "hepar/infer/sliding_window.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "hepar/core/error.h"

namespace hepar {
namespace {
using testing::ElementsAre;

TEST(WindowStarts, AreSpreadEvenly) {
  // 46 voxels of rest in steps of at most 32: two steps of 23.
  EXPECT_THAT(window_starts(110, 64, 0.5), ElementsAre(0, 23, 46));
  EXPECT_THAT(window_starts(64, 64, 0.5), ElementsAre(0));
  // 5 in steps of at most 2: three of 5/3, at 1.67 and 3.33.
  EXPECT_THAT(window_starts(9, 4, 0.5), ElementsAre(0, 2, 3, 5));
  EXPECT_THAT(window_starts(9, 3, 1.0), ElementsAre(0, 3, 6));
}

TEST(WindowStarts, RoundTiesToEven) {
  EXPECT_THAT(window_starts(7, 4, 0.5), ElementsAre(0, 2, 3));   // 1.5 to 2
  EXPECT_THAT(window_starts(11, 6, 0.5), ElementsAre(0, 2, 5));  // 2.5 to 2
}

TEST(WindowStarts, RefuseWhatCanNotBe) {
  EXPECT_THROW(window_starts(3, 4, 0.5), Error);
  EXPECT_THROW(window_starts(4, 4, 0), Error);
  EXPECT_THROW(window_starts(4, 4, 1.5), Error);
}

TEST(WindowProfile, IsAGaussianOfAnEighthOfThePatch) {
  // Patch 16: centre 8, SD 2.
  const auto profile = window_profile(16);
  ASSERT_EQ(profile.size(), 16u);
  EXPECT_EQ(profile[8], 1);
  EXPECT_FLOAT_EQ(profile[6], std::exp(-0.5f));
  EXPECT_FLOAT_EQ(profile[10], std::exp(-0.5f));
  EXPECT_FLOAT_EQ(profile[0], std::exp(-8.0f));
}

TEST(SlidingWindows, RunIFirstAndCoverEveryVoxel) {
  const SlidingWindows windows({6, 4, 5}, {4, 4, 4});
  // i: 0, 2; j: 0; k: 0, 1.
  ASSERT_EQ(windows.size(), 4);
  EXPECT_EQ(windows[0], (Box3{{0, 0, 0}, {4, 4, 4}}));
  EXPECT_EQ(windows[1], (Box3{{2, 0, 0}, {6, 4, 4}}));
  EXPECT_EQ(windows[2], (Box3{{0, 0, 1}, {4, 4, 5}}));
  EXPECT_EQ(windows[3], (Box3{{2, 0, 1}, {6, 4, 5}}));
}

TEST(SlidingWindows, ReachBeyondASmallVolume) {
  // 3 voxels of rest: 1 before, 2 after.
  const SlidingWindows windows({5, 8, 8}, {8, 8, 8});
  ASSERT_EQ(windows.size(), 1);
  EXPECT_EQ(windows[0], (Box3{{-1, 0, 0}, {7, 8, 8}}));
  EXPECT_EQ(windows.weight_sums(0).size(), 5u);
  EXPECT_EQ(windows.weight_sums(0)[3], 1.0f);  // voxel 3 is the window's fifth, its centre
}

TEST(SlidingWindows, WeightSumsAddAllWindows) {
  // Patch 4 has SD 0.5 and centre 2. Voxel 2 is the first window's centre and the second one's first voxel,
  // 4 SD away.
  const SlidingWindows windows({6, 4, 4}, {4, 4, 4});
  EXPECT_FLOAT_EQ(windows.weight_sums(0)[2], 1.0f + std::exp(-8.0f));
  EXPECT_FLOAT_EQ(windows.weight_sums(0)[3], 2 * std::exp(-2.0f));
}

}  // namespace
}  // namespace hepar
