// SPDX-License-Identifier: Apache-2.0
#include "hepar/imaging/box.h"

#include <gtest/gtest.h>

#include "hepar/core/error.h"

namespace hepar {
namespace {

LabelMap empty_map() { return LabelMap({{21, 9, 7}, {1, 2, 3}, {10, 20, 30}, Mat3::identity()}); }

TEST(BoundingBox, OfAValueAndOfAnyValue) {
  LabelMap labels = empty_map();
  EXPECT_EQ(bounding_box(labels, 2), std::nullopt);
  EXPECT_EQ(bounding_box(labels), std::nullopt);
  labels[{3, 8, 1}] = 2;
  labels[{19, 4, 5}] = 2;
  labels[{0, 0, 6}] = 1;
  EXPECT_EQ(bounding_box(labels, 2), (Box3{{3, 4, 1}, {20, 9, 6}}));
  EXPECT_EQ(bounding_box(labels), (Box3{{0, 0, 1}, {20, 9, 7}}));
  EXPECT_EQ(bounding_box(labels, 0), (Box3{{0, 0, 0}, {21, 9, 7}}));
}

TEST(BoundingBox, OfOneVoxelAnywhere) {
  for (std::int64_t n = 0; n < 21 * 9 * 7; ++n) {
    LabelMap labels = empty_map();
    labels.voxels()[static_cast<std::size_t>(n)] = 3;
    const Int3 at{n % 21, n / 21 % 9, n / 189};
    const Box3 wanted{at, at + Int3{1, 1, 1}};
    ASSERT_EQ(bounding_box(labels, 3), wanted);
    ASSERT_EQ(bounding_box(labels), wanted);
  }
}

TEST(Intersection, OfBoxes) {
  const Box3 a{{0, 2, 4}, {5, 6, 7}};
  EXPECT_EQ(intersection(a, {{3, 0, 5}, {9, 3, 6}}), (Box3{{3, 2, 5}, {5, 3, 6}}));
  EXPECT_TRUE(intersection(a, {{5, 2, 4}, {6, 6, 7}}).empty());
}

TEST(EnclosingBox, OfBoxes) {
  EXPECT_EQ(enclosing_box({{0, 2, 4}, {5, 6, 7}}, {{3, 0, 5}, {9, 3, 6}}), (Box3{{0, 0, 4}, {9, 6, 7}}));
}

TEST(Crop, CutsAndPads) {
  Volume<float> volume({{4, 3, 2}, {1, 2, 3}, {10, 20, 30}, Mat3::identity()});
  for (std::size_t n = 0; n < 24; ++n) volume.voxels()[n] = static_cast<float>(n);
  const auto result = crop(volume, {{1, -1, 1}, {6, 2, 3}}, -7.0F);
  EXPECT_EQ(result.size(), (Int3{5, 3, 2}));
  EXPECT_EQ(result.geometry().origin_mm, (Vec3{11, 18, 33}));
  for (std::int64_t n = 0; n < 30; ++n) {
    const Int3 at{n % 5, n / 5 % 3, n / 15};
    const Int3 from = at + Int3{1, -1, 1};
    ASSERT_EQ((result[at]), volume.contains(from) ? volume[from] : -7.0F);
  }
  EXPECT_EQ((crop(volume, {{9, 9, 9}, {10, 10, 10}}, 5.0F)[{0, 0, 0}]), 5.0F);
  EXPECT_THROW(crop(volume, {{1, 1, 1}, {1, 2, 2}}, 0.0F), Error);
}

}  // namespace
}  // namespace hepar
