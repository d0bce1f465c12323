// SPDX-License-Identifier: Apache-2.0
#include "hepar/imaging/image_quality.h"

#include <gtest/gtest.h>

#include <cmath>

#include "hepar/core/error.h"
#include "hepar/core/random.h"
#include "hepar/volume/reorient.h"

namespace hepar {
namespace {

Geometry grid(Int3 size, Vec3 spacing_mm) {
  Geometry geometry;
  geometry.size = size;
  geometry.spacing_mm = spacing_mm;
  return geometry;
}

// A cylinder of 50 HU in air along z whose edge is a Gaussian's integral, with white noise.
CtVolume cylinder(double sigma_mm, double noise_hu, double pixel_mm = 0.75) {
  CtVolume ct(grid({200, 180, 12}, {pixel_mm, pixel_mm, 2}));
  Random random(5);
  std::size_t n = 0;
  for (std::int64_t k = 0; k < 12; ++k)
    for (std::int64_t j = 0; j < 180; ++j)
      for (std::int64_t i = 0; i < 200; ++i) {
        const double x = pixel_mm * (static_cast<double>(i) - 99.3),
                     y = pixel_mm * (static_cast<double>(j) - 90.1);
        const double depth_mm = 70 * pixel_mm - std::sqrt(x * x + y * y);
        const double share = 0.5 * std::erfc(-depth_mm / sigma_mm / std::sqrt(2.0));
        ct.voxels()[n++] = static_cast<float>(-1000 + 1050 * share + random.normal(0, noise_hu));
      }
  return ct;
}

TEST(EstimatePsf, FindsTheBlurOfACylinder) {
  EXPECT_NEAR(estimate_psf_sigma_mm(cylinder(0.5, 0)).value(), 0.5, 0.02);
  EXPECT_NEAR(estimate_psf_sigma_mm(cylinder(0.9, 0)).value(), 0.9, 0.04);
  EXPECT_NEAR(estimate_psf_sigma_mm(cylinder(1.6, 0, 1.5)).value(), 1.6, 0.07);
}

TEST(EstimatePsf, HoldsUnderNoise) {
  EXPECT_NEAR(estimate_psf_sigma_mm(cylinder(0.5, 25)).value(), 0.5, 0.06);
  EXPECT_NEAR(estimate_psf_sigma_mm(cylinder(0.8, 25)).value(), 0.8, 0.08);
}

TEST(EstimatePsf, IsTheSameInAnyOrderOfAxes) {
  const CtVolume ct = cylinder(0.7, 10);
  const double sigma = estimate_psf_sigma_mm(ct).value();
  // Other lines are sampled, so only nearly the same.
  EXPECT_NEAR(estimate_psf_sigma_mm(reorient(ct, axis_order_for(ct.geometry(), "SAR"))).value(), sigma, 0.04);
}

TEST(EstimatePsf, IsEmptyWithoutEdges) {
  EXPECT_FALSE(estimate_psf_sigma_mm(CtVolume(grid({64, 64, 8}, {1, 1, 2}), 40)));
  EXPECT_FALSE(estimate_psf_sigma_mm(CtVolume(grid({1, 1, 1}, {1, 1, 1}), -1000)));
  EXPECT_FALSE(estimate_psf_sigma_mm(CtVolume(grid({64, 64, 8}, {1, 1, 2}), std::nanf(""))));
  CtVolume rescaled = cylinder(0.7, 10);  // grey values 0 to 255 hold no air
  for (float& hu : rescaled.voxels()) hu = (hu + 1000) * 0.2F;
  EXPECT_FALSE(estimate_psf_sigma_mm(rescaled));
}

TEST(EstimatePsf, LeavesOutABodyCutByTheFieldOfView) {
  CtVolume cut = cylinder(0.7, 10);  // tissue right up to a border of padding
  for (std::int64_t k = 0; k < 12; ++k)
    for (std::int64_t j = 0; j < 180; ++j)
      for (std::int64_t i = 0; i < 200; ++i)
        cut[{i, j, k}] = i < 60 || i > 140 || j < 50 || j > 130 ? -1024.0F : 50.0F;
  EXPECT_FALSE(estimate_psf_sigma_mm(cut));
}

struct NoisyLiver {
  CtVolume ct;
  LabelMap labels;
};

// Noise of 20 HU around 100 HU. `reach`: each voxel is the sum of (2 reach + 1)^2 white ones in plane.
NoisyLiver noisy_liver(std::int64_t reach, Vec3 spacing_mm = {0.75, 0.75, 3}) {
  const Geometry geometry = grid({120, 110, 12}, spacing_mm);
  NoisyLiver liver{CtVolume(geometry, 100), LabelMap(geometry)};
  Geometry wide = geometry;
  wide.size = geometry.size + Int3{2 * reach, 2 * reach, 0};
  CtVolume white(wide);
  Random random(11);
  const auto side = static_cast<double>(2 * reach + 1);
  for (float& hu : white.voxels()) hu = static_cast<float>(random.normal(0, 20 / side));
  for (std::int64_t k = 0; k < 12; ++k)
    for (std::int64_t j = 0; j < 110; ++j)
      for (std::int64_t i = 0; i < 120; ++i) {
        for (std::int64_t b = 0; b <= 2 * reach; ++b)
          for (std::int64_t a = 0; a <= 2 * reach; ++a) liver.ct[{i, j, k}] += white[{i + a, j + b, k}];
        if (i > 5 && i < 115 && j > 8) liver.labels[{i, j, k}] = kLiver;
      }
  return liver;
}

TEST(EstimateNoise, FindsWhiteNoise) {
  const NoisyLiver liver = noisy_liver(0);
  const NoiseEstimate noise = estimate_noise(liver.ct, liver.labels, kLiver).value();
  EXPECT_NEAR(noise.sd_hu, 20, 0.6);
  EXPECT_NEAR(noise.correlated_voxels, 1, 0.25);
}

TEST(EstimateNoise, CountsCorrelatedVoxels) {
  // Boxes are 10 pixels wide. Along one axis N Var(mean) / sd^2 of the triangular correlation 1, 2/3, 1/3 is
  // (10 + 2 (2/3 9 + 1/3 8)) / 10 = 2.73, in plane 7.47. The boxes' own means take 7.5 % off the variance.
  const NoisyLiver liver = noisy_liver(1);
  const NoiseEstimate noise = estimate_noise(liver.ct, liver.labels, kLiver).value();
  EXPECT_NEAR(noise.sd_hu, 20 * std::sqrt(1 - 0.0647), 0.7);
  EXPECT_NEAR(noise.correlated_voxels, 7.47, 1.7);
}

TEST(EstimateNoise, IgnoresVesselsAndSlowTrends) {
  NoisyLiver liver = noisy_liver(0);
  std::size_t n = 0;
  for (float& hu : liver.ct.voxels()) {
    const auto i = static_cast<float>(n % 120), j = static_cast<float>(n / 120 % 110);
    hu += 0.1F * i + (std::fmod(j, 30.0F) < 5 && i > 60 ? 90.0F : 0.0F);
    ++n;
  }
  const NoiseEstimate noise = estimate_noise(liver.ct, liver.labels, kLiver).value();
  EXPECT_NEAR(noise.sd_hu, 20, 1);
  EXPECT_LT(noise.correlated_voxels, 3);
}

TEST(EstimateNoise, WorksOnLargePixels) {
  const NoisyLiver liver = noisy_liver(0, {3, 3, 5});
  EXPECT_NEAR(estimate_noise(liver.ct, liver.labels, kLiver).value().sd_hu, 20, 1.5);
}

TEST(EstimateNoise, IsEmptyWithoutRoom) {
  NoisyLiver liver = noisy_liver(0);
  EXPECT_FALSE(estimate_noise(liver.ct, liver.labels, kTumour));
  for (std::size_t n = 0; n < liver.labels.voxels().size(); n += 3) liver.labels.voxels()[n] = 0;
  EXPECT_FALSE(estimate_noise(liver.ct, liver.labels, kLiver));
  const NoisyLiver undefined{CtVolume(liver.ct.geometry(), std::nanf("")), LabelMap(liver.ct.geometry(), 1)};
  EXPECT_FALSE(estimate_noise(undefined.ct, undefined.labels, kLiver));
}

TEST(EstimateNoise, RefusesAnotherGrid) {
  EXPECT_THROW(estimate_noise(CtVolume(grid({4, 4, 4}, {1, 1, 1})), LabelMap(grid({4, 4, 5}, {1, 1, 1})), 1),
               Error);
}

TEST(SliceAxis, IsNearestToThePatientsLongAxis) {
  Geometry geometry = grid({8, 8, 8}, {1, 1, 3});
  EXPECT_EQ(slice_axis(geometry), 2);
  EXPECT_EQ(slice_axis(reorient(geometry, axis_order_for(geometry, "SPL"))), 0);
  EXPECT_EQ(slice_axis(reorient(geometry, axis_order_for(geometry, "LSP"))), 1);
  // Turned by 45 degrees about i, j and k are equally near: then the wider spacing tells.
  const double h = std::sqrt(0.5);
  geometry.direction.at = {{{1, 0, 0}, {0, h, -h}, {0, h, h}}};
  EXPECT_EQ(slice_axis(geometry), 2);
  geometry.spacing_mm = {1, 3, 1};
  EXPECT_EQ(slice_axis(geometry), 1);
}

}  // namespace
}  // namespace hepar
