// SPDX-License-Identifier: Apache-2.0
#include "hepar/imaging/resample.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/core/random.h"

namespace hepar {
namespace {

using testing::ElementsAreArray;
using testing::FloatNear;
using testing::Pointwise;

constexpr float kOutside = -1024;

Mat3 turned(double degrees) {  // about z, then tilted about x by half of it
  const double a = degrees * std::acos(-1.0) / 180, b = a / 2;
  const Mat3 about_z{{{{std::cos(a), -std::sin(a), 0}, {std::sin(a), std::cos(a), 0}, {0, 0, 1}}}};
  const Mat3 about_x{{{{1, 0, 0}, {0, std::cos(b), -std::sin(b)}, {0, std::sin(b), std::cos(b)}}}};
  return about_x * about_z;
}

Volume<float> noise(const Geometry& geometry, std::uint64_t seed) {
  Volume<float> volume(geometry);
  Random random(seed);
  for (float& voxel : volume.voxels()) voxel = static_cast<float>(random.normal(50, 30));
  return volume;
}

double ramp_at(Vec3 world) { return 3 + 0.5 * world.x - 0.25 * world.y + 0.125 * world.z; }

Volume<float> ramp(const Geometry& geometry) {
  Volume<float> volume(geometry);
  for (std::int64_t k = 0; k < geometry.size.k; ++k) {
    for (std::int64_t j = 0; j < geometry.size.j; ++j) {
      for (std::int64_t i = 0; i < geometry.size.i; ++i) {
        volume[{i, j, k}] = static_cast<float>(ramp_at(geometry.world_from_index(to_vec({i, j, k}))));
      }
    }
  }
  return volume;
}

bool same(std::span<const float> a, std::span<const float> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

// The same line along every axis, on the grid of nnU-Net's resampling.
void expect_line(Interpolation interpolation, std::int64_t size, const std::vector<float>& expected) {
  const std::vector<float> line{3, -1, 4, 1, -5, 9, 2, 6};
  for (int axis = 0; axis < 3; ++axis) {
    Geometry geometry{{1, 1, 1}, {2, 2, 2}, {5, 6, 7}, turned(20)};
    geometry.size[axis] = 8;
    Volume<float> source(geometry);
    std::copy(line.begin(), line.end(), source.voxels().begin());
    Vec3 spacing = geometry.spacing_mm;
    spacing[axis] = 16.0 / static_cast<double>(size);
    const auto result = resample(source, geometry_with_spacing(geometry, spacing), interpolation, kOutside);
    EXPECT_THAT(result.voxels(), Pointwise(FloatNear(2e-6F), expected)) << "axis " << axis;
  }
}

TEST(Resample, LinesAgreeWithSciPy) {
  // scipy 1.10: np.clip(ndimage.map_coordinates(np.pad(line, pad, 'edge'), [(np.arange(n) + .5) * 8 / n -
  // .5 + pad], order, mode='nearest'), -5, 9), pad 12 for order 3: what skimage.transform.resize does.
  expect_line(Interpolation::kLinear, 3, {-0.333333333F, -2, 2.66666667F});
  expect_line(Interpolation::kLinear, 11,
              {3, 0.636363636F, 0.590909091F, 3.86363636F, 1.68181818F, -2, -1.81818182F, 8.36363636F,
               4.22727273F, 3.63636364F, 6});
  expect_line(Interpolation::kCubic, 3, {-0.860246037F, -4.08897522F, 1.6735093F});
  expect_line(Interpolation::kCubic, 11,
              {3.3599985F, 0.0285518777F, 0.0405057523F, 4.15400862F, 2.8290948F, -4.08897522F, -2.36054663F,
               8.74096336F, 4.65544756F, 2.38108139F, 6.46860727F});
}

TEST(Resample, LinearRampsStayRampsOnAnyGrid) {
  const Geometry from{{20, 22, 18}, {1, 0.8, 2.5}, {-10, 5, 3}, turned(10)};
  const auto source = ramp(from);
  // Targets whose corners all lie within the source; cubic splines keep ramps away from the ends.
  for (const double degrees : {10.0, 0.0, 25.0}) {
    for (const auto interpolation : {Interpolation::kLinear, Interpolation::kCubic}) {
      Geometry to{{6, 5, 7}, {0.7, 0.9, 1.1}, {}, turned(degrees)};
      to.origin_mm = from.world_from_index({9, 10, 8});
      const auto result = resample(source, to, interpolation, kOutside);
      const auto wanted = ramp(to);
      const float tolerance = interpolation == Interpolation::kLinear ? 1e-5F : 5e-3F;
      EXPECT_THAT(result.voxels(), Pointwise(FloatNear(tolerance), wanted.voxels())) << degrees;
    }
  }
}

TEST(Resample, CubicPassesThroughTheSamplesOfATurnedGrid) {
  // Every second voxel of the source, seen with two axes swapped: no interpolation is left to do, but the
  // axes are not parallel to the source's.
  const auto source = noise({{9, 8, 7}, {1, 2, 3}, {4, 5, 6}, turned(33)}, 3);
  Geometry to = source.geometry();
  to.size = {4, 5, 7};
  to.spacing_mm = {4, 2, 3};
  to.direction.set_column(0, source.geometry().direction.column(1));
  to.direction.set_column(1, source.geometry().direction.column(0));
  for (const auto interpolation : {Interpolation::kNearest, Interpolation::kLinear, Interpolation::kCubic}) {
    const auto result = resample(source, to, interpolation, kOutside);
    for (std::int64_t n = 0; n < to.size.count(); ++n) {
      const Int3 at{n % 4, n / 4 % 5, n / 20};
      EXPECT_NEAR((result[at]), (source[{2 * at.j, 2 * at.i, at.k}]), 1e-4);
    }
  }
}

TEST(Resample, ObliqueAndSeparableCubicAgree) {
  // A turn by less than the tolerance takes the separable path, one above it the general one.
  const auto source = noise({{12, 13, 14}, {1, 1.5, 2}, {}, Mat3::identity()}, 4);
  Geometry to{{15, 9, 8}, {0.9, 2, 3.3}, {-0.2, 0.3, 0.1}, Mat3::identity()};
  const auto separable = resample(source, to, Interpolation::kCubic, kOutside);
  to.direction = turned(0.01);  // moves the far corner by 15 * 0.9 mm * 1.7e-4 = 0.0024 mm
  const auto oblique = resample(source, to, Interpolation::kCubic, kOutside);
  EXPECT_THAT(oblique.voxels(), Pointwise(FloatNear(0.5F), separable.voxels()));
  EXPECT_FALSE(same(oblique.voxels(), separable.voxels()));
}

TEST(Resample, TheFieldEndsHalfAVoxelBeyondTheLastCentre) {
  Volume<float> source({{2, 1, 1}, {2, 2, 2}, {}, Mat3::identity()});
  source[{0, 0, 0}] = 10, source[{1, 0, 0}] = 20;
  // Centres at x = -1.25, -0.75, ..: the source's faces are at -1 and 3, its centres at 0 and 2.
  for (const double degrees : {0.0, 90.0}) {
    Geometry to{{10, 1, 1}, {0.5, 1, 1}, {-1.25, 0, 0}, Mat3::identity()};
    if (degrees > 0) {  // the same positions, walked along j of a turned grid
      to.size = {1, 10, 1}, to.spacing_mm = {1, 0.5, 1};
      to.direction = Mat3{{{{0, 1, 0}, {-1, 0, 0}, {0, 0, 1}}}};
    }
    EXPECT_THAT(resample(source, to, Interpolation::kLinear, kOutside).voxels(),
                Pointwise(FloatNear(1e-5F),
                          {kOutside, 10.F, 10.F, 11.25F, 13.75F, 16.25F, 18.75F, 20.F, 20.F, kOutside}));
    EXPECT_THAT(resample(source, to, Interpolation::kNearest, kOutside).voxels(),
                ElementsAreArray({kOutside, 10.F, 10.F, 10.F, 10.F, 20.F, 20.F, 20.F, 20.F, kOutside}));
  }
}

TEST(Resample, FarAwayGridsSeeNothing) {
  const auto source = noise({{4, 4, 4}, {1, 1, 1}, {}, Mat3::identity()}, 5);
  Geometry to{{3, 3, 3}, {1, 1, 1}, {100, 0, 0}, Mat3::identity()};
  for (const auto interpolation : {Interpolation::kNearest, Interpolation::kLinear, Interpolation::kCubic}) {
    EXPECT_THAT(resample(source, to, interpolation, kOutside).voxels(), testing::Each(kOutside));
  }
}

TEST(Resample, FlippedAxesAreExact) {
  const auto source = noise({{5, 6, 7}, {1, 2, 3}, {}, Mat3::identity()}, 6);
  const Geometry to{{5, 6, 7}, {1, 2, 3}, {4, 10, 0}, Mat3{{{{-1, 0, 0}, {0, -1, 0}, {0, 0, 1}}}}};
  for (const auto interpolation : {Interpolation::kNearest, Interpolation::kLinear, Interpolation::kCubic}) {
    const auto result = resample(source, to, interpolation, kOutside);
    for (std::int64_t n = 0; n < 210; ++n) {
      const Int3 at{n % 5, n / 5 % 6, n / 30};
      ASSERT_EQ((result[at]), (source[{4 - at.i, 5 - at.j, at.k}]));
    }
  }
}

TEST(Resample, CubicStaysInTheRangeOfTheSource) {
  Volume<float> step({{8, 1, 1}, {1, 1, 1}, {}, Mat3::identity()});
  for (std::int64_t i = 4; i < 8; ++i) step[{i, 0, 0}] = 100;
  const auto result =
      resample(step, geometry_with_spacing(step.geometry(), {0.3, 1, 1}), Interpolation::kCubic, 0);
  EXPECT_EQ(*std::min_element(result.voxels().begin(), result.voxels().end()), 0);
  EXPECT_EQ(*std::max_element(result.voxels().begin(), result.voxels().end()), 100);
}

TEST(ResampleBox, IsThePartOfTheWholeBitForBit) {
  const auto source = noise({{23, 31, 17}, {0.7, 0.7, 2.5}, {-3, 8, 1}, turned(5)}, 7);
  Geometry larger = geometry_with_spacing(source.geometry(), {1.9, 0.4, 1.1});
  larger.origin_mm = larger.origin_mm - Vec3{2, 1, 3};  // partly beyond the source's field
  Geometry oblique = larger;
  oblique.direction = turned(14);
  for (const Geometry& to : {larger, oblique}) {
    for (const auto interpolation :
         {Interpolation::kNearest, Interpolation::kLinear, Interpolation::kCubic}) {
      const auto whole = resample(source, to, interpolation, kOutside);
      for (const Box3& box : {Box3{{0, 0, 3}, {to.size.i, to.size.j, 5}}, Box3{{2, 1, 0}, {7, 30, 1}},
                              Box3{{0, 0, to.size.k - 4}, to.size}}) {
        const auto part = resample_box(source, to, box, interpolation, kOutside);
        const auto wanted = crop(whole, box);
        EXPECT_EQ(part.geometry(), wanted.geometry());
        EXPECT_TRUE(same(part.voxels(), wanted.voxels()));
      }
    }
  }
  EXPECT_THROW(
      resample_box(source, larger, {{0, 0, 0}, {1, 1, larger.size.k + 1}}, Interpolation::kLinear, 0), Error);
}

TEST(Resample, SameBytesForAnyThreadCount) {
  const auto source = noise({{40, 41, 42}, {1, 1, 1}, {}, Mat3::identity()}, 8);
  const Geometry to = geometry_with_spacing(source.geometry(), {2.3, 0.7, 3});
  const int threads = thread_count();
  set_thread_count(1);
  const auto alone = resample(source, to, Interpolation::kCubic, 0);
  set_thread_count(3);
  const auto together = resample(source, to, Interpolation::kCubic, 0);
  set_thread_count(threads);
  EXPECT_TRUE(same(alone.voxels(), together.voxels()));
}

TEST(ResampleLabels, TakesTheNearestVoxel) {
  LabelMap source({{7, 8, 9}, {1, 1.2, 3}, {1, 2, 3}, turned(40)});
  Random random(9);
  for (auto& voxel : source.voxels()) voxel = static_cast<std::uint8_t>(random.integer(1, 3));
  for (const double degrees : {40.0, -12.0}) {
    const Geometry to{{12, 11, 13}, {0.9, 1, 2}, {-1, 1, 2}, turned(degrees)};
    const LabelMap result = resample_labels(source, to);
    std::int64_t outside = 0;
    for (std::int64_t n = 0; n < to.size.count(); ++n) {
      const Int3 at{n % 12, n / 12 % 11, n / 132};
      const Vec3 index = source.geometry().index_from_world(to.world_from_index(to_vec(at)));
      const Int3 nearest{std::llround(index.x), std::llround(index.y), std::llround(index.z)};
      if (!source.contains(nearest)) ++outside;
      ASSERT_EQ(+(result[at]), source.contains(nearest) ? +source[nearest] : 0);
    }
    EXPECT_GT(outside, 100);
    EXPECT_LT(outside, to.size.count() - 100);
  }
}

TEST(GeometryWithSpacing, KeepsTheFieldOfView) {
  const Geometry from{{512, 512, 131}, {0.75, 0.75, 2.5}, {-190, -180, 40}, turned(7)};
  const Geometry to = geometry_with_spacing(from, {3, 3, 3});
  // 512 * 0.75 / 3 = 128; 131 * 2.5 / 3 = 109.2.
  EXPECT_EQ(to.size, (Int3{128, 128, 109}));
  EXPECT_DOUBLE_EQ(to.spacing_mm.z, 131 * 2.5 / 109);
  const Vec3 corner = to.index_from_world(from.world_from_index({-0.5, -0.5, 130.5}));
  EXPECT_NEAR(corner.x, -0.5, 1e-9);
  EXPECT_NEAR(corner.y, -0.5, 1e-9);
  EXPECT_NEAR(corner.z, 108.5, 1e-9);
  // Halves round to even: 5 * 1 / 2 = 2.5 and 7 * 1 / 2 = 3.5; never below one voxel.
  EXPECT_EQ(geometry_with_spacing({{5, 7, 3}, {1, 1, 1}, {}, Mat3::identity()}, {2, 2, 100}).size,
            (Int3{2, 4, 1}));
  EXPECT_THROW(geometry_with_spacing(from, {3, 0, 3}), Error);
}

}  // namespace
}  // namespace hepar
