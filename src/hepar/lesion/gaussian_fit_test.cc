// SPDX-License-Identifier: Apache-2.0
#include "hepar/lesion/gaussian_fit.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

#include "hepar/core/error.h"

namespace hepar {
namespace {

TEST(FitGaussian, OfOneHuIsTheKernelItself) {
  // 50 voxels of 17 HU smooth to 50 w(x) / sum w with w(x) = exp(-x^2 / 18), |x| <= 12 cut at 10: formula 2
  // with M = 17, S = 3 and A = 50 * 3 sqrt(2 pi) / sum w.
  double sum = 0;
  for (int x = -12; x <= 12; ++x) sum += std::exp(-x * x / 18.0);
  const GaussianFit fit = fit_gaussian(std::vector<float>(50, 17.0F));
  ASSERT_TRUE(fit.converged);
  EXPECT_NEAR(fit.mean_hu, 17, 1e-9);
  EXPECT_NEAR(fit.std_smoothed_hu, 3, 1e-9);
  EXPECT_NEAR(fit.std_hu, 0, 1e-3);
  EXPECT_NEAR(fit.amplitude, 50 * 3 * std::sqrt(2 * std::numbers::pi) / sum, 1e-7);
  EXPECT_NEAR(*fit.rms_residual, 0, 1e-9);
}

TEST(FitGaussian, OfANormalRegionAddsTheKernelsVariance) {
  // Counts of a normal law of SD 4 around 60 HU: smoothing gives S^2 = 16 + 9.
  std::vector<float> values;
  for (int h = 30; h <= 90; ++h) {
    const double z = (h - 60) / 4.0;
    const auto count = static_cast<std::size_t>(std::llround(1e5 * std::exp(-0.5 * z * z)));
    values.insert(values.end(), count, static_cast<float>(h));
  }
  const GaussianFit fit = fit_gaussian(values);
  ASSERT_TRUE(fit.converged);
  EXPECT_NEAR(fit.mean_hu, 60, 1e-6);
  EXPECT_NEAR(fit.std_smoothed_hu, 5, 1e-3);
  EXPECT_NEAR(fit.std_hu, 4, 1e-3);
  EXPECT_NEAR(fit.amplitude / static_cast<double>(values.size()), 1, 1e-3);
  EXPECT_TRUE(covers_region(fit, values.size()));
}

// A region of `voxels` whole HU around `mean` with about this SD: the sum of 12 numbers of Lehmer's
// generator (Park & Miller 1993) is near normal, and easily repeated in another language.
struct PeerCase {
  std::uint64_t seed;
  int voxels, mean_hu, sd_hu;
  double amplitude, fitted_mean_hu, std_smoothed_hu;
};

std::vector<float> draw(const PeerCase& region) {
  constexpr std::uint64_t kModulus = 2147483647;
  std::vector<float> values;
  std::uint64_t state = region.seed;
  for (int n = 0; n < region.voxels; ++n) {
    std::uint64_t sum = 0;
    for (int draw = 0; draw < 12; ++draw) {
      state = state * 48271 % kModulus;
      sum += state;
    }
    const double z = static_cast<double>(sum) / static_cast<double>(kModulus) - 6;
    values.push_back(static_cast<float>(region.mean_hu + std::nearbyint(region.sd_hu * z)));
  }
  return values;
}

class FitGaussianPeer : public testing::TestWithParam<PeerCase> {};

TEST_P(FitGaussianPeer, AgreesWithScipy) {
  const std::vector<float> values = draw(GetParam());
  const GaussianFit fit = fit_gaussian(values);
  ASSERT_TRUE(fit.converged);
  EXPECT_NEAR(fit.mean_hu, GetParam().fitted_mean_hu, 1e-3);
  EXPECT_NEAR(fit.amplitude / GetParam().amplitude, 1, 1e-4);
  EXPECT_NEAR(fit.std_smoothed_hu / GetParam().std_smoothed_hu, 1, 1e-4);
  EXPECT_TRUE(covers_region(fit, values.size()));
}

// Expected: numpy 1.24.2 and scipy 1.10.1 on the same draws, bincount, gaussian_filter1d(sigma=3,
// mode="constant") and optimize.curve_fit from (count, mean, SD); the third and fourth are the paper's
// tumour (A 799, M 91, S 23) and cyst (A 802, M 17, S 22).
INSTANTIATE_TEST_SUITE_P(Scipy, FitGaussianPeer,
                         testing::Values(PeerCase{1, 40, 91, 23, 41.8568, 86.989472, 26.185296},
                                         PeerCase{2, 120, 17, 22, 119.5685, 12.990855, 21.211024},
                                         PeerCase{3, 799, 91, 23, 804.6301, 90.575628, 23.646471},
                                         PeerCase{4, 802, 17, 22, 799.5256, 16.522304, 22.180832},
                                         PeerCase{5, 3000, 45, 40, 3001.6278, 44.652678, 40.473585},
                                         PeerCase{6, 20000, 44, 12, 20045.3384, 44.037111, 12.386123},
                                         PeerCase{7, 60, -5, 5, 59.9184, -7.113136, 5.421829},
                                         PeerCase{8, 500, 130, 35, 504.2004, 131.213619, 33.975485}));

TEST(FitGaussian, IsNotMovedByMetalAndPadding) {
  const PeerCase tumour{3, 799, 91, 23, 0, 0, 0};
  std::vector<float> values = draw(tumour);
  const double mean_hu = fit_gaussian(values).mean_hu;
  values.insert(values.end(), {3071, 16000, 30710, 1e30F, -3024, -32768});
  const GaussianFit fit = fit_gaussian(values);
  ASSERT_TRUE(fit.converged);
  EXPECT_NEAR(fit.mean_hu, mean_hu, 0.05);
}

TEST(FitGaussian, FallsBackToRobustFiguresWhereNothingCanBeFitted) {
  // All beyond the histogram. Median 20000, deviations 1000, 0, 500.
  const GaussianFit fit = fit_gaussian(std::vector<float>{19000, 20000, 20500});
  EXPECT_FALSE(fit.converged);
  EXPECT_FALSE(fit.rms_residual);
  EXPECT_DOUBLE_EQ(fit.mean_hu, 20000);
  EXPECT_DOUBLE_EQ(fit.std_hu, 1.4826 * 500);
  EXPECT_DOUBLE_EQ(fit.amplitude, 3);
}

TEST(FitGaussian, OfAMinorityIsNotTakenForTheRegion) {
  std::vector<float> values(45, 10.0F);
  for (int n = 0; n < 55; ++n) values.push_back(90.0F + static_cast<float>(n));
  const GaussianFit fit = fit_gaussian(values);
  EXPECT_FALSE(fit.converged && covers_region(fit, values.size()));
}

TEST(FitGaussian, NeedsAVoxel) { EXPECT_THROW(fit_gaussian({}), Error); }

TEST(CoversRegion, AllowsTheAreaToMissOrExceedAHalf) {
  GaussianFit fit;
  for (const double area : {50.0, 100.0, 150.0}) {
    fit.amplitude = area;
    EXPECT_TRUE(covers_region(fit, 100)) << area;
  }
  for (const double area : {49.0, 151.0}) {
    fit.amplitude = area;
    EXPECT_FALSE(covers_region(fit, 100)) << area;
  }
}

}  // namespace
}  // namespace hepar
