// SPDX-License-Identifier: Apache-2.0
#include "hepar/volume/reorient.h"

#include <gtest/gtest.h>

#include "hepar/core/error.h"

namespace hepar {
namespace {

Volume<float> numbered(const Mat3& direction) {
  Volume<float> volume({{2, 3, 4}, {1, 2, 3}, {10, 20, 30}, direction});
  for (std::size_t n = 0; n < volume.voxels().size(); ++n) volume.voxels()[n] = static_cast<float>(n);
  return volume;
}

TEST(Reorient, IdentityToRasFlipsIAndJ) {
  const auto source = numbered(Mat3::identity());
  const auto result = reorient(source, axis_order_for(source.geometry(), "RAS"));
  EXPECT_EQ(result.geometry().direction, (Mat3{{{{-1, 0, 0}, {0, -1, 0}, {0, 0, 1}}}}));
  // The first voxel is the source's (1, 2, 0): world (10 + 1, 20 + 4, 30).
  EXPECT_EQ(result.geometry().origin_mm, (Vec3{11, 24, 30}));
  EXPECT_EQ((result[{0, 0, 0}]), (source[{1, 2, 0}]));
  EXPECT_EQ((result[{1, 0, 3}]), (source[{0, 2, 3}]));
}

TEST(Reorient, EveryVoxelKeepsItsWorldPositionForAllOrientations) {
  // i runs inferior, j left, k anterior, slightly tilted.
  const Mat3 sagittal = nearest_orthonormal(Mat3{{{{0.05, 1, 0}, {0, 0.02, -1}, {-1, 0, 0.03}}}});
  const auto source = numbered(sagittal);
  for (const char* orientation : {"LPS", "RAS", "SAR", "PIL", "AIL"}) {
    const auto order = axis_order_for(source.geometry(), orientation);
    const auto result = reorient(source, order);
    for (std::int64_t k = 0; k < result.size().k; ++k) {
      for (std::int64_t j = 0; j < result.size().j; ++j) {
        for (std::int64_t i = 0; i < result.size().i; ++i) {
          const Vec3 world = result.geometry().world_from_index(to_vec({i, j, k}));
          const Vec3 from = source.geometry().index_from_world(world);
          const Int3 index{std::llround(from.x), std::llround(from.y), std::llround(from.z)};
          ASSERT_EQ((result[{i, j, k}]), source[index]) << orientation;
        }
      }
    }
    const auto back = reorient(result, inverse(order));
    EXPECT_EQ(grid_difference(back.geometry(), source.geometry(), 1e-9), std::nullopt);
    EXPECT_TRUE(std::equal(back.voxels().begin(), back.voxels().end(), source.voxels().begin()));
  }
}

TEST(AxisOrderOnto, FindsTheOrderOrNothing) {
  const auto source = numbered(nearest_orthonormal(Mat3{{{{0.05, 1, 0}, {0, 0.02, -1}, {-1, 0, 0.03}}}}));
  const auto turned = reorient(source, axis_order_for(source.geometry(), "RAS"));
  const auto order = axis_order_onto(turned.geometry(), source.geometry());
  ASSERT_TRUE(order.has_value());
  const auto back = reorient(turned, *order);
  EXPECT_TRUE(std::equal(back.voxels().begin(), back.voxels().end(), source.voxels().begin()));
  Geometry shifted = turned.geometry();
  shifted.origin_mm.x += 1;
  EXPECT_FALSE(axis_order_onto(shifted, source.geometry()).has_value());
  // Turned by 30 degrees about z: no axis has a partner.
  Geometry oblique = Volume<float>(Geometry{.size = {2, 3, 4}}).geometry();
  oblique.direction = Mat3{{{{std::sqrt(3.0) / 2, -0.5, 0}, {0.5, std::sqrt(3.0) / 2, 0}, {0, 0, 1}}}};
  EXPECT_FALSE(axis_order_onto(oblique, Volume<float>(Geometry{.size = {2, 3, 4}}).geometry()).has_value());
}

TEST(LayOnto, TurnsAMapOfTheSameGridAndRefusesAnother) {
  LabelMap labels({.size = {3, 1, 1}});
  labels.voxels()[1] = 1, labels.voxels()[2] = 2;
  Geometry turned = labels.geometry();  // the same voxels from the other end
  turned.origin_mm.x = 2;
  turned.direction.set_column(0, {-1, 0, 0});
  lay_onto(labels, turned);
  EXPECT_EQ(labels.voxels()[0], 2);
  EXPECT_EQ(labels.voxels()[2], 0);
  EXPECT_EQ(labels.geometry(), turned);
  turned.origin_mm.x = 3;
  EXPECT_THROW(lay_onto(labels, turned), Error);
}

TEST(AxisOrderFor, RefusesNonsense) {
  const Geometry geometry = numbered(Mat3::identity()).geometry();
  EXPECT_THROW(axis_order_for(geometry, "LP"), Error);
  EXPECT_THROW(axis_order_for(geometry, "LPX"), Error);
  EXPECT_THROW(axis_order_for(geometry, "LRS"), Error);
}

}  // namespace
}  // namespace hepar
