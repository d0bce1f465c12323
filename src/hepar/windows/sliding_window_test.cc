// SPDX-License-Identifier: Apache-2.0
#include "hepar/windows/sliding_window.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "hepar/core/error.h"
#include "hepar/tensors/test_npy.h"

namespace hepar {
namespace {
using testing::ElementsAre;

const std::filesystem::path kUnit = HEPAR_GOLDEN "/nnunet/unit";

nlohmann::json read_json(const char* name) { return nlohmann::json::parse(std::ifstream(kUnit / name)); }

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

TEST(WindowStarts, AreThoseOfNnUnet) {
  std::size_t axes = 0;
  for (const auto& entry : read_json("sliding_steps.json")) {
    for (std::size_t axis = 0; axis < entry["image"].size(); ++axis, ++axes) {
      const auto starts = window_starts(entry["image"][axis], entry["tile"][axis], entry["step"]);
      ASSERT_EQ(nlohmann::json(starts), entry["steps"][axis]) << entry;
    }
  }
  EXPECT_EQ(axes, 180U);  // 60 volumes
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

// The weights at a distance from the patch's centre along one axis.
float weight_along(const std::vector<float>& weights, const Kernel3& patch, std::size_t axis,
                   std::int64_t n) {
  Kernel3 at{patch[0] / 2, patch[1] / 2, patch[2] / 2};
  at[axis] = n;
  return weights[static_cast<std::size_t>((at[0] * patch[1] + at[1]) * patch[2] + at[2])];
}

// Of the larger maps the fixtures hold the lines through the centre and how often the smallest value is
// there.
TEST(HalfWindowWeights, AreThoseOfNnUnetBitForBit) {
  int files = 0, lines = 0;
  const auto index = read_json("index.json");
  for (const auto& entry : index["gaussian"]) {
    const Kernel3 patch{entry["tile"][0], entry["tile"][1], entry["tile"][2]};
    const auto weights = half_window_weights(patch);
    EXPECT_EQ(std::count(weights.begin(), weights.end(), entry["min"].get<float>()), entry["n_at_min"]);
    if (entry.contains("file")) {
      const NpyArray wanted = read_npy(kUnit / std::string(entry["file"]));
      ASSERT_EQ(weights.size(), wanted.values.size());
      for (std::size_t n = 0; n < weights.size(); ++n)
        ASSERT_EQ(static_cast<double>(weights[n]), wanted.values[n]) << entry["file"] << " " << n;
      ++files;
      continue;
    }
    for (std::size_t axis = 0; axis < 3; ++axis, ++lines) {
      const auto& bits = entry["axis_profiles_f16_bits"][axis];
      ASSERT_EQ(static_cast<std::int64_t>(bits.size()), patch[axis]);
      for (std::int64_t n = 0; n < patch[axis]; ++n) {
        const auto wanted = float_from_half(bits[static_cast<std::size_t>(n)].get<std::uint16_t>());
        ASSERT_EQ(weight_along(weights, patch, axis, n), wanted);
      }
    }
  }
  EXPECT_EQ(files, 5);
  EXPECT_EQ(lines, 9);
}

TEST(HalfWindowWeights, OfASliceAreThoseOfItsTwoAxes) {
  // Patch 16 x 16: the centre 10, two SD away 10 exp(-2) = 1.3534 in float16's steps of 2^-10.
  const auto weights = half_window_weights({1, 16, 16});
  ASSERT_EQ(weights.size(), 256U);
  EXPECT_EQ(weights[8 * 16 + 8], 10);
  EXPECT_NEAR(weights[4 * 16 + 8], 10 * std::exp(-2.0), 0x1p-11);
}

TEST(SlidingWindows, CoverEveryVoxel) {
  const SlidingWindows windows({5, 4, 6}, {4, 4, 4});
  EXPECT_EQ(windows.count(), 4);
  EXPECT_THAT(windows.starts(0), ElementsAre(0, 1));
  EXPECT_THAT(windows.starts(1), ElementsAre(0));
  EXPECT_THAT(windows.starts(2), ElementsAre(0, 2));
}

TEST(SlidingWindows, TakeEverySliceOnceWhereThePatchIsOne) {
  EXPECT_THAT(SlidingWindows({5, 4, 4}, {1, 4, 4}).starts(0), ElementsAre(0, 1, 2, 3, 4));
}

TEST(SlidingWindows, ReachBeyondASmallVolume) {
  // 3 voxels of rest: 1 before, 2 after.
  const SlidingWindows windows({8, 8, 5}, {8, 8, 8});
  ASSERT_EQ(windows.count(), 1);
  EXPECT_THAT(windows.starts(2), ElementsAre(-1));
  const WindowPart part = windows.part(2, -1);
  EXPECT_EQ(part.in_volume, 0);
  EXPECT_EQ(part.in_window, 1);
  EXPECT_EQ(part.count, 5);
  EXPECT_EQ(windows.weight_sums(2).size(), 5u);
  EXPECT_EQ(windows.weight_sums(2)[3], 1.0f);  // voxel 3 is the window's fifth, its centre
}

TEST(SlidingWindows, WeightSumsAddAllWindows) {
  // Patch 4 has SD 0.5 and centre 2. Voxel 2 is the first window's centre and the second one's first voxel,
  // 4 SD away.
  const SlidingWindows windows({4, 4, 6}, {4, 4, 4});
  EXPECT_FLOAT_EQ(windows.weight_sums(2)[2], 1.0f + std::exp(-8.0f));
  EXPECT_FLOAT_EQ(windows.weight_sums(2)[3], 2 * std::exp(-2.0f));
}

}  // namespace
}  // namespace hepar
