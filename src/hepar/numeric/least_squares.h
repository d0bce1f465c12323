// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

namespace hepar {

// A model to be fitted: residual_count residuals that depend on the parameters.
struct LeastSquaresProblem {
  std::size_t residual_count = 0;  // >= number of parameters
  // Writes the residuals at `parameters`.
  std::function<void(std::span<const double> parameters, std::span<double> residuals)> residuals;
  // Writes their derivatives, parameter by parameter: d residual r / d parameter p at [p * residual_count +
  // r].
  std::function<void(std::span<const double> parameters, std::span<double> derivatives)> derivatives;
};

struct LeastSquaresFit {
  std::vector<double> parameters;
  double sum_of_squares = 0;
  bool converged = false;  // false: out of evaluations or not finite; parameters are then the last tried
};

// Minimises the sum of squared residuals from `start`. Not converging is a result, not an error.
// Method: Levenberg-Marquardt, Moré, in Numerical Analysis, LNM 630:105, 1978, as MINPACK's lmder in
// Eigen's port; relative tolerance 1e-12 on the sum of squares and the parameters, step factor 100.
LeastSquaresFit fit_least_squares(const LeastSquaresProblem& problem, std::span<const double> start,
                                  int evaluation_limit = 400);

}  // namespace hepar
