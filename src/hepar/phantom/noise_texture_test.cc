// SPDX-License-Identifier: Apache-2.0
#include "hepar/phantom/noise_texture.h"

#include <gtest/gtest.h>

#include <cmath>

namespace hepar::phantom {
namespace {

// Noise of 20 HU whose voxels are the sum of three white ones along i and two along k.
CtVolume grainy(const Geometry& geometry) {
  Geometry wide = geometry;
  wide.size = geometry.size + Int3{2, 0, 1};
  CtVolume white(wide), ct(geometry);
  Random random(3);
  for (float& hu : white.voxels()) hu = static_cast<float>(random.normal(0, 20 / std::sqrt(6.0)));
  for (Int3 at; at.k < ct.size().k; ++at.k)
    for (at.j = 0; at.j < ct.size().j; ++at.j)
      for (at.i = 0; at.i < ct.size().i; ++at.i) {
        ct[at] = 100;
        for (std::int64_t a = 0; a < 3; ++a)
          for (std::int64_t c = 0; c < 2; ++c) ct[at] += white[at + Int3{a, 0, c}];
      }
  return ct;
}

Geometry grid(Int3 size) {
  Geometry geometry;
  geometry.size = size;
  geometry.spacing_mm = {0.8, 0.8, 3};
  return geometry;
}

// Mean product of the values and those `step` further on, over their mean square.
double correlation(const std::vector<float>& values, std::size_t step) {
  double product = 0, square = 0;
  for (std::size_t n = 0; n + step < values.size(); ++n) {
    product += static_cast<double>(values[n]) * static_cast<double>(values[n + step]);
    square += static_cast<double>(values[n]) * static_cast<double>(values[n]);
  }
  return product / square;
}

TEST(NoiseTexture, IsMeasuredAndDrawnAgain) {
  const Geometry geometry = grid({128, 112, 12});
  const auto texture = measure_noise_texture(grainy(geometry), LabelMap(geometry, 1), 1, std::nullopt);
  ASSERT_TRUE(texture);
  EXPECT_EQ(texture->pixels, 16);
  EXPECT_NEAR(texture->sd_hu, 20, 2);  // the quieter half of the patches
  // Sums of three share two: correlation 2/3 along i at one pixel, 1/3 at two, none along j; of two, one:
  // 1/2. A Hann window of 16 pixels takes up to a tenth off.
  EXPECT_NEAR(texture->correlation(0, 1), 2.0 / 3, 0.1);
  EXPECT_NEAR(texture->correlation(0, 2), 1.0 / 3, 0.1);
  EXPECT_NEAR(texture->correlation(1, 1), 0, 0.1);
  EXPECT_NEAR(texture->slice_correlation, 0.5, 0.05);

  const auto drawn = texture->draw(Random(1), 64, 8);
  ASSERT_EQ(drawn.size(), 8U);
  double square = 0, along_k = 0;
  for (std::size_t k = 0; k < 8; ++k)
    for (std::size_t n = 0; n < 64 * 64; ++n) {
      square += static_cast<double>(drawn[k][n]) * static_cast<double>(drawn[k][n]) / (8 * 64 * 64);
      if (k > 0)
        along_k += static_cast<double>(drawn[k][n]) * static_cast<double>(drawn[k - 1][n]) / (7 * 64 * 64);
    }
  EXPECT_NEAR(square, 1, 0.05);
  EXPECT_NEAR(along_k, texture->slice_correlation, 0.05);
  EXPECT_NEAR(correlation(drawn[0], 1), texture->correlation(0, 1), 0.06);
  EXPECT_NEAR(correlation(drawn[0], 64), texture->correlation(1, 1), 0.06);
}

TEST(NoiseTexture, TakesTheGivenStrength) {
  const Geometry geometry = grid({128, 112, 2});
  EXPECT_EQ(measure_noise_texture(grainy(geometry), LabelMap(geometry, 1), 1, 13.0)->sd_hu, 13);
}

TEST(NoiseTexture, UsesSmallerPatchesInASmallOrgan) {
  const Geometry geometry = grid({128, 112, 2});
  LabelMap labels(geometry);
  for (Int3 at; at.k < 2; ++at.k)
    for (at.j = 30; at.j < 90; ++at.j)
      for (at.i = 32; at.i < 44; ++at.i) labels[at] = 1;  // no place for 16 pixels
  const auto texture = measure_noise_texture(grainy(geometry), labels, 1, std::nullopt);
  ASSERT_TRUE(texture);
  EXPECT_LT(texture->pixels, 16);
}

TEST(NoiseTexture, IsEmptyWithoutPatches) {
  const Geometry geometry = grid({32, 32, 2});
  EXPECT_FALSE(measure_noise_texture(grainy(geometry), LabelMap(geometry), 1, std::nullopt));
  const CtVolume undefined(geometry, std::nanf(""));
  EXPECT_FALSE(measure_noise_texture(undefined, LabelMap(geometry, 1), 1, std::nullopt));
}

}  // namespace
}  // namespace hepar::phantom
