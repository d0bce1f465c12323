// SPDX-License-Identifier: Apache-2.0
#include "hepar/phantom/noise_field.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace hepar::phantom {
namespace {

constexpr Vec3 kLow{-200, -200, -200}, kHigh{200, 200, 200};

TEST(NoiseField, HasTheStandardDeviationOfItsOctavesTogether) {
  // Independent octaves add in power: sqrt(3^2 + 4^2) = 5. Between the held points trilinear interpolation
  // loses a little: of a B-spline lattice twice as coarse, below 10 %.
  const NoiseField field(Random(5), kLow, kHigh, std::array<Octave, 2>{{{20, 3}, {10, 4}}});
  Random random(6);
  double sum = 0, squares = 0;
  constexpr int kCount = 40000;
  for (int n = 0; n < kCount; ++n) {
    const double v = field({random.uniform(-190, 190), random.uniform(-190, 190), random.uniform(-190, 190)});
    sum += v, squares += v * v;
  }
  // About (400/20)^3 = 8000 independent values: the mean's own sd is 3/sqrt(8000) = 0.03.
  EXPECT_NEAR(sum / kCount, 0, 0.2);
  EXPECT_NEAR(std::sqrt(squares / kCount), 5, 0.5);
}

TEST(NoiseField, IsContinuousAndForgetsBeyondItsScale) {
  const NoiseField field(Random(7), kLow, kHigh, std::array<Octave, 1>{{{20, 1}}});
  Random random(8);
  double near = 0, far = 0;
  constexpr int kCount = 5000;
  for (int n = 0; n < kCount; ++n) {
    const Vec3 p{random.uniform(-190, 90), random.uniform(-190, 90), random.uniform(-190, 90)};
    near = std::max(near, std::abs(field(p) - field(p + Vec3{0.01, 0.01, 0.01})));
    far += field(p) * field(p + Vec3{100, 0, 0}) / kCount;
  }
  EXPECT_LT(near, 0.02);  // 0.017 mm along a slope of at most about 1 per mm
  EXPECT_NEAR(far, 0, 0.15);
}

TEST(NoiseField, KeepsItsBorderValueOutside) {
  const NoiseField field(Random(9), kLow, kHigh, std::array<Octave, 1>{{{20, 1}}});
  EXPECT_EQ(field({-200, 3, 4}), field({-900, 3, 4}));
  EXPECT_EQ(field({5000, 5000, 5000}), field({9000, 9000, 9000}));
}

TEST(NoiseField, DependsOnItsSeedOnly) {
  const std::array<Octave, 1> octaves{{{20, 1}}};
  const NoiseField a(Random(1), kLow, kHigh, octaves), b(Random(1), kLow, kHigh, octaves),
      c(Random(2), kLow, kHigh, octaves);
  const Vec3 p{12.5, -33, 71};
  EXPECT_EQ(a(p), b(p));
  EXPECT_NE(a(p), c(p));
}

}  // namespace
}  // namespace hepar::phantom
