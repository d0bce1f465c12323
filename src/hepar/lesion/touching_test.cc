// SPDX-License-Identifier: Apache-2.0
#include "hepar/lesion/touching.h"

#include <gtest/gtest.h>

#include <cmath>

#include "hepar/lesion/test_case.h"

namespace hepar {
namespace {

using testing_case::Ball;
using testing_case::liver_of;
using testing_case::PaintedCase;

// A tumour of 10 mm radius and a cyst of 8 mm at its side, overlapping by 2 mm; the tumour keeps the overlap.
struct Pair {
  Pair(double tumour_hu, double cyst_hu, double noise_hu, std::uint64_t seed = 1) {
    const Vec3 middle = c.middle_mm();
    cyst = {middle + Vec3{9, 0, 0}, 8}, tumour = {middle - Vec3{7, 0, 0}, 10};
    c.add(cyst, cyst_hu);
    c.add(tumour, tumour_hu);
    c.add_noise(noise_hu, seed);
  }
  // 2 in the tumour, 1 in the rest of the cyst, by volume voxel.
  Mask truth() const {
    PaintedCase t;
    t.label(cyst, 201);
    t.label(tumour, 202);
    Mask result(t.labels.geometry());
    for (std::size_t n = 0; n < result.voxels().size(); ++n) {
      const std::uint8_t label = t.labels.voxels()[n];
      result.voxels()[n] = label > 200 ? static_cast<std::uint8_t>(label - 200) : std::uint8_t{0};
    }
    return result;
  }
  PaintedCase c;
  Ball tumour, cyst;
};

struct Overlap {
  double tumour_dice = 0, cyst_dice = 0, tumour_lost = 0;  // the last: share of the tumour in the dark part
};

Overlap overlap_of(const LesionPatch& patch, const RegionParts& parts, const Mask& truth) {
  double counts[3][2] = {};
  for (Int3 at; at.k < patch.size.k; ++at.k)
    for (at.j = 0; at.j < patch.size.j; ++at.j)
      for (at.i = 0; at.i < patch.size.i; ++at.i) {
        if (patch.tissue[patch.offset(at)] != Tissue::kOwn) continue;
        ++counts[truth[patch.volume_index(at)]][parts.dark[patch.offset(at)]];
      }
  const double tumour = counts[2][0] + counts[2][1], cyst = counts[1][0] + counts[1][1];
  const double bright = counts[1][0] + counts[2][0], dark = counts[1][1] + counts[2][1];
  return {2 * counts[2][0] / (tumour + bright), 2 * counts[1][1] / (cyst + dark), counts[2][1] / tumour};
}

// Share of the cyst's voxels less than 0.75 mm beside the tumour that are in the dark part.
double dark_share_at_the_border(const Pair& pair, const LesionPatch& patch, const RegionParts& parts,
                                const Mask& truth) {
  double dark = 0, total = 0;
  for (Int3 at; at.k < patch.size.k; ++at.k)
    for (at.j = 0; at.j < patch.size.j; ++at.j)
      for (at.i = 0; at.i < patch.size.i; ++at.i) {
        const Int3 index = patch.volume_index(at);
        const Vec3 s = patch.spacing_mm, c = pair.tumour.centre_mm;
        const double x = static_cast<double>(index.i) * s.x - c.x,
                     y = static_cast<double>(index.j) * s.y - c.y,
                     z = static_cast<double>(index.k) * s.z - c.z;
        if (truth[index] != 1 || std::hypot(x, y, z) > pair.tumour.radius_mm + 0.75) continue;
        ++total, dark += parts.dark[patch.offset(at)];
      }
  return dark / total;
}

class TouchingPair : public testing::TestWithParam<std::uint64_t> {};

TEST_P(TouchingPair, IsSplitWhereTheTwoMeet) {
  const Pair pair(70, 10, 15, GetParam());
  const LesionPatch patch = pair.c.patch();
  const RegionParts parts = find_parts(patch, liver_of(110, 15));
  EXPECT_TRUE(parts.has_bright);
  ASSERT_TRUE(parts.split);
  EXPECT_LT(parts.wrapped, 0.5);
  const Overlap overlap = overlap_of(patch, parts, pair.truth());
  EXPECT_GT(overlap.tumour_dice, 0.90);
  EXPECT_GT(overlap.cyst_dice, 0.75);  // up to a pixel of it goes to the tumour all along the border
  EXPECT_LT(overlap.tumour_lost, 0.005);
  // The uncertain border itself goes to the tumour.
  EXPECT_LT(dark_share_at_the_border(pair, patch, parts, pair.truth()), 0.1);
}

TEST_P(TouchingPair, IsSplitAtThreeNoiseSdsApart) {
  const Pair pair(64, 10, 18, GetParam());  // 3 * 18 = 54
  const LesionPatch patch = pair.c.patch();
  const RegionParts parts = find_parts(patch, liver_of(110, 18));
  ASSERT_TRUE(parts.split);
  const Overlap overlap = overlap_of(patch, parts, pair.truth());
  EXPECT_GT(overlap.tumour_dice, 0.90);
  EXPECT_LT(overlap.tumour_lost, 0.05);
}

TEST_P(TouchingPair, IsNotInventedFromNoise) {
  for (const double hu : {10.0, 30.0, 60.0}) {
    PaintedCase c;
    c.add({c.middle_mm(), 12}, hu);
    c.add_noise(25, GetParam());
    const RegionParts parts = find_parts(c.patch(), liver_of(110, 25));
    EXPECT_FALSE(parts.has_bright) << hu;
    EXPECT_FALSE(parts.split) << hu;
    EXPECT_TRUE(parts.dark.empty());
  }
}
INSTANTIATE_TEST_SUITE_P(Seeds, TouchingPair, testing::Values(1, 2, 3));

TEST(FindParts, FindsASmallTumourAtALargeCystsSide) {
  PaintedCase c;
  c.add({c.middle_mm(), 14}, 10);
  c.add({c.middle_mm() + Vec3{17, 0, 0}, 6}, 55);
  c.add_noise(15);
  const RegionParts parts = find_parts(c.patch(), liver_of(110, 15), 10);
  EXPECT_TRUE(parts.has_bright);
  EXPECT_TRUE(parts.split);
  EXPECT_LT(parts.wrapped, 0.3);
  // A cyst alone has no bright part, however low its core is thought to be.
  PaintedCase cyst;
  cyst.add({cyst.middle_mm(), 14}, 10);
  cyst.add_noise(15);
  EXPECT_FALSE(find_parts(cyst.patch(), liver_of(110, 15), 8).has_bright);
}

TEST(FindParts, NeverSplitsACoreThatIsWrapped) {
  PaintedCase c;
  c.add({c.middle_mm(), 17}, 80);
  c.paint({c.middle_mm(), 9}, 20);
  c.add_noise(15);
  const RegionParts parts = find_parts(c.patch(), liver_of(110, 15));
  EXPECT_TRUE(parts.has_bright);
  EXPECT_GT(parts.wrapped, 0.9);
  EXPECT_FALSE(parts.split);
}

TEST(FindParts, NeverSplitsACoreThatIsMostlyWrapped) {
  // The core reaches the tumour's surface on one side, but less than half of its surface is free.
  PaintedCase c;
  c.add({c.middle_mm(), 17}, 80);
  c.paint({c.middle_mm() + Vec3{9, 0, 0}, 8}, 15);
  c.add_noise(15);
  const RegionParts parts = find_parts(c.patch(), liver_of(110, 15));
  EXPECT_TRUE(parts.has_bright);
  EXPECT_GT(parts.wrapped, 0.5);
  EXPECT_FALSE(parts.split);
}

TEST(FindParts, TakesAGenerousContoursShellForNoPart) {
  // A dark ball of 10 mm in liver, its contour 1.5 mm too wide: the shell is liver, too thin for a ball of
  // 5 mm.
  PaintedCase c;
  c.paint({c.middle_mm(), 10}, 10);
  c.label({c.middle_mm(), 11.5}, kTumour);
  c.add_noise(15);
  const RegionParts parts = find_parts(c.patch(), liver_of(110, 15));
  EXPECT_FALSE(parts.has_bright);
  EXPECT_FALSE(parts.split);
}

TEST(FindParts, LooksForNoDarkPartInABrightTumour) {
  // 60 and 120 HU: both are brighter than any cyst.
  const Pair pair(120, 60, 15);
  const RegionParts parts = find_parts(pair.c.patch(), liver_of(110, 15));
  EXPECT_FALSE(parts.has_bright);
  EXPECT_FALSE(parts.split);
}

TEST(FindParts, TakesRegionsOfAFewVoxels) {
  PaintedCase c;
  c.labels[{10, 10, 10}] = kTumour;
  c.labels[{30, 30, 0}] = c.labels[{31, 30, 0}] = kTumour;
  c.ct[{31, 30, 0}] = -500;
  EXPECT_FALSE(find_parts(c.patch(0), liver_of(110, 15)).split);
  EXPECT_FALSE(find_parts(c.patch(1), liver_of(110, 15)).split);
}

}  // namespace
}  // namespace hepar
