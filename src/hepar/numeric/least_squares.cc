// SPDX-License-Identifier: Apache-2.0
#include "hepar/numeric/least_squares.h"

#include <fmt/format.h>

#include <cmath>
#include <unsupported/Eigen/NonLinearOptimization>

#include "hepar/core/error.h"

namespace hepar {
namespace {

// What Eigen's solver asks of a model.
struct Functor {
  const LeastSquaresProblem& problem;
  std::size_t parameter_count;

  int inputs() const { return static_cast<int>(parameter_count); }
  int values() const { return static_cast<int>(problem.residual_count); }
  int operator()(const Eigen::VectorXd& x, Eigen::VectorXd& residuals) const {
    problem.residuals({x.data(), parameter_count}, {residuals.data(), problem.residual_count});
    return 0;
  }
  int df(const Eigen::VectorXd& x, Eigen::MatrixXd& jacobian) const {
    problem.derivatives({x.data(), parameter_count},
                        {jacobian.data(), problem.residual_count * parameter_count});
    return 0;
  }
};

bool is_success(Eigen::LevenbergMarquardtSpace::Status status) {
  using namespace Eigen::LevenbergMarquardtSpace;
  return status == RelativeReductionTooSmall || status == RelativeErrorTooSmall ||
         status == RelativeErrorAndReductionTooSmall || status == CosinusTooSmall || status == FtolTooSmall ||
         status == XtolTooSmall || status == GtolTooSmall;
}

}  // namespace

LeastSquaresFit fit_least_squares(const LeastSquaresProblem& problem, std::span<const double> start,
                                  int evaluation_limit) {
  HEPAR_EXPECT(!start.empty() && problem.residual_count >= start.size(),
               fmt::format("{} residuals for {} parameters", problem.residual_count, start.size()));
  Functor functor{problem, start.size()};
  Eigen::LevenbergMarquardt<Functor> solver(functor);
  solver.parameters.ftol = 1e-12;
  solver.parameters.xtol = 1e-12;
  solver.parameters.gtol = 0;
  solver.parameters.maxfev = evaluation_limit;
  Eigen::VectorXd x =
      Eigen::Map<const Eigen::VectorXd>(start.data(), static_cast<Eigen::Index>(start.size()));
  const auto status = solver.minimize(x);
  LeastSquaresFit fit;
  fit.parameters.assign(x.data(), x.data() + x.size());
  fit.sum_of_squares = solver.fvec.squaredNorm();
  fit.converged = is_success(status) && x.allFinite() && std::isfinite(fit.sum_of_squares);
  return fit;
}

}  // namespace hepar
