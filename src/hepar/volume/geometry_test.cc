// SPDX-License-Identifier: Apache-2.0
#include "hepar/volume/geometry.h"

#include <gtest/gtest.h>

#include "hepar/core/error.h"
#include "hepar/volume/volume.h"

namespace hepar {
namespace {

Geometry oblique() {
  // Rotation by 30 degrees about z.
  const double c = std::sqrt(3.0) / 2, s = 0.5;
  return {{10, 20, 30}, {0.5, 0.75, 2}, {-100, 40, 7}, Mat3{{{{c, -s, 0}, {s, c, 0}, {0, 0, 1}}}}};
}

TEST(Geometry, WorldFromIndexByHand) {
  // i by 4 voxels = 2 mm along (cos 30, sin 30, 0); k by 3 = 6 mm along z.
  const Vec3 world = oblique().world_from_index({4, 0, 3});
  EXPECT_NEAR(world.x, -100 + 2 * std::sqrt(3.0) / 2, 1e-12);
  EXPECT_NEAR(world.y, 41, 1e-12);
  EXPECT_NEAR(world.z, 13, 1e-12);
}

TEST(Geometry, IndexAndWorldAreInverse) {
  const Vec3 index = oblique().index_from_world(oblique().world_from_index({1.5, -2, 7.25}));
  EXPECT_NEAR(index.x, 1.5, 1e-12);
  EXPECT_NEAR(index.y, -2, 1e-12);
  EXPECT_NEAR(index.z, 7.25, 1e-12);
}

TEST(Geometry, VoxelVolume) { EXPECT_DOUBLE_EQ(oblique().voxel_volume_ml(), 0.5 * 0.75 * 2 / 1000); }

TEST(CheckGeometry, RefusesWhatIsNoGrid) {
  EXPECT_NO_THROW(check_geometry(oblique()));
  Geometry g = oblique();
  g.size.j = 0;
  EXPECT_THROW(check_geometry(g), Error);
  g = oblique(), g.spacing_mm.z = -1;
  EXPECT_THROW(check_geometry(g), Error);
  g = oblique(), g.spacing_mm.z = std::nan("");
  EXPECT_THROW(check_geometry(g), Error);
  g = oblique(), g.origin_mm.x = std::nan("");
  EXPECT_THROW(check_geometry(g), Error);
  g = oblique(), g.direction.at[0][0] += 0.01;
  EXPECT_THROW(check_geometry(g), Error);
  g = oblique(), g.direction.at[0][0] = std::nan("");
  EXPECT_THROW(check_geometry(g), Error);
  g = oblique(), g.size = {1 << 20, 1 << 20, 1 << 10};
  EXPECT_THROW(Volume<float>{g}, Error);
}

TEST(GridDifference, NamesTheFirstThingThatDiffers) {
  EXPECT_EQ(grid_difference(oblique(), oblique()), std::nullopt);
  Geometry g = oblique();
  g.size.i = 11;
  EXPECT_EQ(grid_difference(oblique(), g), "10 x 20 x 30 voxels against 11 x 20 x 30");
  g = oblique(), g.spacing_mm.z = 2.1;
  EXPECT_EQ(grid_difference(oblique(), g), "k spacing 2.0000 mm against 2.1000 mm");
  g = oblique(), g.origin_mm.x += 1;
  EXPECT_TRUE(grid_difference(oblique(), g)->starts_with("origin"));
  g = oblique(), g.direction = Mat3::identity();
  EXPECT_TRUE(grid_difference(oblique(), g)->starts_with("axes"));
  // 29 steps of 1e-4 mm drift by 0.003 mm, less than the tolerance of 0.01 mm.
  g = oblique(), g.spacing_mm.z += 1e-4;
  EXPECT_EQ(grid_difference(oblique(), g), std::nullopt);
}

TEST(NearestOrthonormal, KeepsRotationsAndMendsRounding) {
  EXPECT_LT(orthonormality_error(nearest_orthonormal(oblique().direction)), 1e-14);
  Mat3 stretched = oblique().direction;
  for (auto& row : stretched.at) {
    for (double& value : row) value *= 1.3;
  }
  // A scaled rotation's polar factor is the rotation.
  const Mat3 mended = nearest_orthonormal(stretched);
  for (int r = 0; r < 3; ++r) {
    for (int c = 0; c < 3; ++c) EXPECT_NEAR(mended.at[r][c], oblique().direction.at[r][c], 1e-14);
  }
  EXPECT_THROW(nearest_orthonormal(Mat3{}), Error);
}

}  // namespace
}  // namespace hepar
