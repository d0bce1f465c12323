// SPDX-License-Identifier: Apache-2.0
#include "hepar/numeric/roc.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>

#include "hepar/core/error.h"
#include "hepar/numeric/statistics.h"

namespace hepar {
namespace {

using Scores = std::vector<double>;

Scores sorted(std::span<const double> values) {
  Scores scores(values.begin(), values.end());
  std::sort(scores.begin(), scores.end());
  return scores;
}

// For each score the share of `others` below it, ties counted one half.
Scores placements(const Scores& scores, const Scores& others) {
  Scores shares;
  shares.reserve(scores.size());
  for (const double score : scores) {
    const auto [first, last] = std::equal_range(others.begin(), others.end(), score);
    const auto below = static_cast<double>(first - others.begin());
    const auto ties = static_cast<double>(last - first);
    shares.push_back((below + 0.5 * ties) / static_cast<double>(others.size()));
  }
  return shares;
}

// Newcombe's variance of the area if it were `area`.
double score_variance(double area, double positives, double negatives) {
  const double mean_others = (positives + negatives) / 2 - 1;
  return area * (1 - area) * (1 + mean_others * ((1 - area) / (2 - area) + area / (1 + area))) /
         (positives * negatives);
}

// The area between `observed` and `end` that lies z of its own SDs from the observed one.
double score_bound(double observed, double end, double z, double positives, double negatives) {
  double inside = observed, outside = end;
  for (int step = 0; step < 60; ++step) {
    const double middle = (inside + outside) / 2;
    const bool near =
        std::abs(observed - middle) <= z * std::sqrt(score_variance(middle, positives, negatives));
    (near ? inside : outside) = middle;
  }
  return inside;
}

RateInterval area_interval(double area, const Scores& of_positives, const Scores& of_negatives) {
  const double z = boost::math::quantile(boost::math::normal(), 0.975);
  const auto positives = static_cast<double>(of_positives.size());
  const auto negatives = static_cast<double>(of_negatives.size());
  const auto sd_positives = sample_sd(of_positives), sd_negatives = sample_sd(of_negatives);
  if (sd_positives && sd_negatives && (*sd_positives > 0 || *sd_negatives > 0)) {
    const double sd =
        std::sqrt(*sd_positives * *sd_positives / positives + *sd_negatives * *sd_negatives / negatives);
    return {std::max(0.0, area - z * sd), std::min(1.0, area + z * sd)};
  }
  return {score_bound(area, 0, z, positives, negatives), score_bound(area, 1, z, positives, negatives)};
}

std::vector<RocPoint> roc_points(const Scores& positives, const Scores& negatives) {
  std::vector<RocPoint> points;
  auto positive = positives.rbegin(), negative = negatives.rbegin();
  while (positive != positives.rend() || negative != negatives.rend()) {
    const bool take_positive =
        negative == negatives.rend() || (positive != positives.rend() && *positive >= *negative);
    const double threshold = take_positive ? *positive : *negative;
    while (positive != positives.rend() && *positive == threshold) ++positive;
    while (negative != negatives.rend() && *negative == threshold) ++negative;
    points.push_back(
        {threshold,
         static_cast<double>(positive - positives.rbegin()) / static_cast<double>(positives.size()),
         static_cast<double>(negative - negatives.rbegin()) / static_cast<double>(negatives.size())});
  }
  return points;
}

bool all_finite(std::span<const double> values) {
  return std::all_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); });
}

}  // namespace

RocCurve roc_curve(std::span<const double> positives, std::span<const double> negatives) {
  HEPAR_EXPECT(!positives.empty() && !negatives.empty(), "a curve needs positives and negatives");
  HEPAR_EXPECT(all_finite(positives) && all_finite(negatives), "a score is not finite");
  const Scores high = sorted(positives), low = sorted(negatives);
  const Scores of_high = placements(high, low), of_low = placements(low, high);
  RocCurve curve;
  curve.area = *mean(of_high);
  curve.area_interval = area_interval(curve.area, of_high, of_low);
  curve.points = roc_points(high, low);
  return curve;
}

}  // namespace hepar
