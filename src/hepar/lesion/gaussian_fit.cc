// SPDX-License-Identifier: Apache-2.0
#include "hepar/lesion/gaussian_fit.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include "hepar/core/error.h"
#include "hepar/numeric/histogram.h"
#include "hepar/numeric/least_squares.h"
#include "hepar/numeric/statistics.h"

namespace hepar {
namespace {

constexpr float kLowestHu = -4096, kHighestHu = 16383;
constexpr float kMarginHu = 10;

struct Range {
  float low, high;
};

Range range_of(std::span<const float> values) {
  Range range{values[0], values[0]};
  for (const float value : values) {
    range.low = std::min(range.low, value);
    range.high = std::max(range.high, value);
  }
  return range;
}

// Count, mean and SD (at least 1 HU): where the search starts.
std::array<double, 3> start_of(const UnitHistogram& histogram) {
  double count = 0, sum = 0, squares = 0;
  double hu = histogram.first();
  for (const std::int64_t voxels : histogram.counts()) {
    const auto n = static_cast<double>(voxels);
    count += n, sum += n * hu, squares += n * hu * hu;
    ++hu;
  }
  const double mean_hu = sum / count;
  return {count, mean_hu, std::sqrt(std::max(squares / count - mean_hu * mean_hu, 1.0))};
}

LeastSquaresProblem formula_2(int first_hu, std::span<const double> counts) {
  LeastSquaresProblem problem;
  problem.residual_count = counts.size();
  problem.residuals = [=](std::span<const double> p, std::span<double> residuals) {
    const double height = p[0] / (std::sqrt(2 * std::numbers::pi) * std::abs(p[2]));
    for (std::size_t n = 0; n < counts.size(); ++n) {
      const double z = (first_hu + static_cast<double>(n) - p[1]) / p[2];
      residuals[n] = height * std::exp(-0.5 * z * z) - counts[n];
    }
  };
  problem.derivatives = [=](std::span<const double> p, std::span<double> derivatives) {
    const double unit_height = 1 / (std::sqrt(2 * std::numbers::pi) * std::abs(p[2]));
    for (std::size_t n = 0; n < counts.size(); ++n) {
      const double z = (first_hu + static_cast<double>(n) - p[1]) / p[2];
      const double unit = unit_height * std::exp(-0.5 * z * z);
      derivatives[n] = unit;
      derivatives[counts.size() + n] = p[0] * unit * z / p[2];
      derivatives[2 * counts.size() + n] = p[0] * unit * (z * z - 1) / p[2];
    }
  };
  return problem;
}

bool is_sensible(const GaussianFit& fit, Range range) {
  constexpr double kToleranceHu = 1;  // a fit to equal values lies on them only up to rounding
  return fit.amplitude > 0 && fit.mean_hu >= range.low - kToleranceHu &&
         fit.mean_hu <= range.high + kToleranceHu &&
         fit.std_smoothed_hu <= range.high - range.low + kMarginHu;
}

GaussianFit robust_figures(std::span<const float> values_hu) {
  const std::vector<double> values(values_hu.begin(), values_hu.end());
  GaussianFit fit;
  fit.amplitude = static_cast<double>(values.size());
  fit.mean_hu = *median(values);
  fit.std_hu = kSdPerMad * *median_absolute_deviation(values);
  fit.std_smoothed_hu = std::hypot(fit.std_hu, kSmoothingSdHu);
  fit.plain_mean_hu = fit.mean_hu;
  return fit;
}

}  // namespace

UnitHistogram region_histogram(std::span<const float> values_hu) {
  HEPAR_EXPECT(!values_hu.empty(), "a histogram needs voxels");
  const Range range = range_of(values_hu);
  const auto clamped = [](float hu) { return static_cast<int>(std::clamp(hu, kLowestHu, kHighestHu)); };
  UnitHistogram histogram(clamped(std::floor(range.low) - kMarginHu),
                          clamped(std::ceil(range.high) + kMarginHu));
  histogram.add(values_hu);
  return histogram;
}

std::optional<PeakFit> fit_peak(const UnitHistogram& histogram, int low_hu, int high_hu) {
  UnitHistogram part(std::max(low_hu, histogram.first()), std::min(high_hu, histogram.last()));
  part.add(histogram);
  if (part.inside() == 0) return std::nullopt;
  const std::vector<double> counts(part.counts().begin(), part.counts().end());
  const LeastSquaresFit curve = fit_least_squares(formula_2(part.first(), counts), start_of(part));
  const PeakFit peak{curve.parameters[1], std::abs(curve.parameters[2])};
  const bool sensible = curve.converged && peak.mean_hu >= low_hu && peak.mean_hu <= high_hu;
  return sensible ? std::optional(peak) : std::nullopt;
}

GaussianFit fit_gaussian(std::span<const float> values_hu) {
  return fit_gaussian(values_hu, region_histogram(values_hu));
}

GaussianFit fit_gaussian(std::span<const float> values_hu, const UnitHistogram& histogram) {
  const Range range = range_of(values_hu);
  if (histogram.inside() == 0) return robust_figures(values_hu);
  const std::vector<double> smooth = smooth_gaussian(histogram.counts(), kSmoothingSdHu);
  const auto start = start_of(histogram);
  const LeastSquaresFit curve = fit_least_squares(formula_2(histogram.first(), smooth), start);
  GaussianFit fit;
  fit.plain_mean_hu = start[1];
  fit.amplitude = curve.parameters[0];
  fit.mean_hu = curve.parameters[1];
  fit.std_smoothed_hu = std::abs(curve.parameters[2]);
  fit.std_hu =
      std::sqrt(std::max(0.0, fit.std_smoothed_hu * fit.std_smoothed_hu - kSmoothingSdHu * kSmoothingSdHu));
  fit.rms_residual = std::sqrt(curve.sum_of_squares / static_cast<double>(smooth.size()));
  fit.converged = curve.converged && is_sensible(fit, range);
  return fit.converged ? fit : robust_figures(values_hu);
}

bool covers_region(const GaussianFit& fit, std::size_t voxels) {
  const double share = fit.amplitude / static_cast<double>(voxels);
  return share >= 0.5 && share <= 1.5;
}

}  // namespace hepar
