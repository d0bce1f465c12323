// SPDX-License-Identifier: Apache-2.0
#include "hepar/numeric/least_squares.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "hepar/core/error.h"

namespace hepar {
namespace {

// NIST StRD nonlinear regression, data set Eckerle4 (level "higher"): a circular interference
// transmittance peak, y = (b1 / b2) exp(-((x - b3) / b2)^2 / 2); 35 pairs of x and y.
constexpr std::array<std::array<double, 2>, 35> kEckerle4{
    {{400, 0.0001575},   {405, 0.0001699},   {410, 0.0002350},   {415, 0.0003102},   {420, 0.0004917},
     {425, 0.0008710},   {430, 0.0017418},   {435, 0.0046400},   {436.5, 0.0065895}, {438, 0.0097302},
     {439.5, 0.0149002}, {441, 0.0237310},   {442.5, 0.0401683}, {444, 0.0712559},   {445.5, 0.1264458},
     {447, 0.2073413},   {448.5, 0.2902366}, {450, 0.3445623},   {451.5, 0.3698049}, {453, 0.3668534},
     {454.5, 0.3106727}, {456, 0.2078154},   {457.5, 0.1164354}, {459, 0.0616764},   {460.5, 0.0337200},
     {462, 0.0194023},   {463.5, 0.0117831}, {465, 0.0074357},   {470, 0.0022732},   {475, 0.0008800},
     {480, 0.0004579},   {485, 0.0002345},   {490, 0.0001586},   {495, 0.0001143},   {500, 0.0000710}}};

LeastSquaresProblem eckerle4() {
  LeastSquaresProblem problem;
  problem.residual_count = kEckerle4.size();
  problem.residuals = [](std::span<const double> b, std::span<double> residuals) {
    for (std::size_t r = 0; r < kEckerle4.size(); ++r) {
      const double z = (kEckerle4[r][0] - b[2]) / b[1];
      residuals[r] = b[0] / b[1] * std::exp(-0.5 * z * z) - kEckerle4[r][1];
    }
  };
  problem.derivatives = [](std::span<const double> b, std::span<double> derivatives) {
    for (std::size_t r = 0; r < kEckerle4.size(); ++r) {
      const double z = (kEckerle4[r][0] - b[2]) / b[1], peak = std::exp(-0.5 * z * z);
      derivatives[r] = peak / b[1];
      derivatives[kEckerle4.size() + r] = b[0] / (b[1] * b[1]) * peak * (z * z - 1);
      derivatives[2 * kEckerle4.size() + r] = b[0] / (b[1] * b[1]) * peak * z;
    }
  };
  return problem;
}

class Eckerle4 : public testing::TestWithParam<std::array<double, 3>> {};

TEST_P(Eckerle4, ReachesTheCertifiedValues) {
  const LeastSquaresFit fit = fit_least_squares(eckerle4(), GetParam());
  ASSERT_TRUE(fit.converged);
  EXPECT_NEAR(fit.parameters[0], 1.5543827178, 1e-8);
  EXPECT_NEAR(fit.parameters[1], 4.0888321754, 1e-8);
  EXPECT_NEAR(fit.parameters[2], 451.54121844, 1e-7);
  EXPECT_NEAR(fit.sum_of_squares, 1.4635887487e-3, 1e-13);
}
INSTANTIATE_TEST_SUITE_P(BothCertifiedStarts, Eckerle4,
                         testing::Values(std::array{1.0, 10.0, 500.0}, std::array{1.5, 5.0, 450.0}));

// (p - 3)^2 + (2p - 6)^2: zero at p = 3.
LeastSquaresProblem line() {
  return {.residual_count = 2,
          .residuals = [](std::span<const double> p,
                          std::span<double> r) { r[0] = p[0] - 3, r[1] = 2 * p[0] - 6; },
          .derivatives = [](std::span<const double>, std::span<double> d) { d[0] = 1, d[1] = 2; }};
}

TEST(FitLeastSquares, SolvesALinearProblemExactly) {
  const LeastSquaresFit fit = fit_least_squares(line(), std::array{-100.0});
  EXPECT_TRUE(fit.converged);
  EXPECT_NEAR(fit.parameters[0], 3, 1e-12);
  EXPECT_NEAR(fit.sum_of_squares, 0, 1e-20);
}

TEST(FitLeastSquares, SaysWhenEvaluationsRunOut) {
  EXPECT_FALSE(fit_least_squares(eckerle4(), std::array{1.0, 10.0, 500.0}, 2).converged);
}

TEST(FitLeastSquares, SaysWhenTheModelIsNotFinite) {
  LeastSquaresProblem broken = line();
  broken.residuals = [](std::span<const double>, std::span<double> r) { r[0] = r[1] = std::nan(""); };
  EXPECT_FALSE(fit_least_squares(broken, std::array{1.0}).converged);
}

TEST(FitLeastSquares, RefusesFewerResidualsThanParameters) {
  EXPECT_THROW(fit_least_squares(line(), std::array{1.0, 2.0, 3.0}), Error);
}

}  // namespace
}  // namespace hepar
