// SPDX-License-Identifier: Apache-2.0
#include "hepar/lesion/calibration.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

#include "hepar/core/error.h"

namespace hepar {
namespace {

using Scores = std::vector<double>;

double score(const LabelledRegion& region) { return region.guarded ? 0 : region.probability_cyst; }

Scores scores(std::span<const LabelledRegion> regions, bool cysts) {
  Scores found;
  for (const LabelledRegion& region : regions) {
    if (region.is_cyst == cysts) found.push_back(score(region));
  }
  return found;
}

void check(std::span<const LabelledRegion> regions, double drop_ceiling) {
  if (!(drop_ceiling > 0 && drop_ceiling < 1)) {
    throw Error(
        ErrorCode::kInvalidInput,
        fmt::format("the ceiling of the tumour-drop rate is {}; it lies between 0 and 1", drop_ceiling));
  }
  for (const LabelledRegion& region : regions) {
    if (!(region.probability_cyst >= 0 && region.probability_cyst <= 1)) {
      throw Error(ErrorCode::kInvalidInput,
                  fmt::format("a region's probability of cyst is {}; it lies between 0 and 1",
                              region.probability_cyst));
    }
  }
  const auto cysts = std::count_if(regions.begin(), regions.end(), [](const auto& r) { return r.is_cyst; });
  if (cysts == 0 || cysts == std::ssize(regions)) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("the sample has {} tumours and {} cysts; a calibration needs both",
                            std::ssize(regions) - cysts, cysts));
  }
}

// How few tumours give a bound below the ceiling when none is lost: (1 - ceiling)^n < 0.05.
std::int64_t tumours_needed(double drop_ceiling) {
  return static_cast<std::int64_t>(std::floor(std::log(0.05) / std::log1p(-drop_ceiling))) + 1;
}

// The most tumours of `count` that may be dropped with the bound below the ceiling.
std::int64_t allowed_drops(std::int64_t count, double drop_ceiling) {
  if (upper_bound_of_rate(0, count) >= drop_ceiling) {
    throw Error(
        ErrorCode::kInvalidInput,
        fmt::format("the sample can't bound the tumour-drop rate below {:.3g} %: with {} tumours and no "
                    "loss the bound is {:.4g} %; at least {} tumours are needed",
                    100 * drop_ceiling, count, 100 * upper_bound_of_rate(0, count),
                    tumours_needed(drop_ceiling)));
  }
  std::int64_t drops = 0;
  while (upper_bound_of_rate(drops + 1, count) < drop_ceiling) ++drops;
  return drops;
}

[[noreturn]] void fail_at_the_top(const Scores& tumours, double drop_ceiling) {
  const auto count = std::ssize(tumours);
  const auto dropped = std::count_if(tumours.begin(), tumours.end(),
                                     [](double value) { return value >= kMostCystProbability; });
  throw Error(
      ErrorCode::kInvalidInput,
      fmt::format("the sample can't bound the tumour-drop rate below {:.3g} %: even the highest threshold, "
                  "{}, drops {} of {} tumours, which makes the bound {:.4g} %; check the truth of the "
                  "tumours with the highest probability of cyst",
                  100 * drop_ceiling, kMostCystProbability, dropped, count,
                  100 * upper_bound_of_rate(dropped, count)));
}

double cyst_threshold(Scores tumours, const Scores& cysts, double drop_ceiling) {
  const std::int64_t drops = allowed_drops(std::ssize(tumours), drop_ceiling);
  std::sort(tumours.begin(), tumours.end(), std::greater<>());
  const double kept = tumours[static_cast<std::size_t>(drops)];  // the highest that must not be dropped
  if (kept >= kMostCystProbability) fail_at_the_top(tumours, drop_ceiling);
  double next = 1;
  for (const Scores* all : {&std::as_const(tumours), &cysts}) {
    for (const double value : *all) {
      if (value > kept) next = std::min(next, value);
    }
  }
  double middle = std::midpoint(kept, next);
  if (middle <= kept) middle = next;  // neighbouring floating-point numbers
  return std::clamp(middle, kLeastCystProbability, kMostCystProbability);
}

double tumour_threshold(std::span<const LabelledRegion> regions) {
  Scores cysts;
  for (const LabelledRegion& region : regions) {
    if (region.is_cyst) cysts.push_back(region.probability_cyst);
  }
  std::sort(cysts.begin(), cysts.end());
  // Below the n-th of the sorted scores (from 0) lie at most n.
  const auto below = static_cast<std::size_t>(kCystsCalledTumour * static_cast<double>(cysts.size()) + 1e-9);
  return std::min(cysts[below], kLeastCystProbability);
}

std::int64_t count_at_or_above(const Scores& values, double threshold) {
  return std::count_if(values.begin(), values.end(), [&](double value) { return value >= threshold; });
}

}  // namespace

Calibration calibrate(std::span<const LabelledRegion> regions, double drop_ceiling) {
  check(regions, drop_ceiling);
  const Scores tumours = scores(regions, false), cysts = scores(regions, true);
  Calibration result;
  result.drop_ceiling = drop_ceiling;
  result.thresholds = {cyst_threshold(tumours, cysts, drop_ceiling), tumour_threshold(regions)};
  result.tumours = std::ssize(tumours);
  result.cysts = std::ssize(cysts);
  result.tumours_dropped = count_at_or_above(tumours, result.thresholds.cyst_probability);
  result.cysts_removed = count_at_or_above(cysts, result.thresholds.cyst_probability);
  result.drop_rate_upper_95 = upper_bound_of_rate(result.tumours_dropped, result.tumours);
  result.removed_rate_95 = interval_of_rate(result.cysts_removed, result.cysts);
  result.roc = roc_curve(cysts, tumours);
  return result;
}

}  // namespace hepar
