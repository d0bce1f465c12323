// SPDX-License-Identifier: Apache-2.0
#include "hepar/metrics/cohort_metrics.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "hepar/metrics/overlap.h"
#include "hepar/numeric/statistics.h"

namespace hepar {
namespace {

std::optional<double> burden(std::int64_t tumour_voxels, std::int64_t liver_voxels) {
  if (liver_voxels == 0) return std::nullopt;
  return static_cast<double>(tumour_voxels) / static_cast<double>(liver_voxels);
}

}  // namespace

std::optional<double> dice_per_case(std::span<const RegionMetrics> cases) {
  std::vector<double> defined;
  for (const RegionMetrics& metrics : cases) {
    if (metrics.dsc) defined.push_back(*metrics.dsc);
  }
  return mean(defined);
}

std::optional<double> dice_global(std::span<const RegionMetrics> cases) {
  Overlap all;
  for (const RegionMetrics& metrics : cases) {
    all.common += metrics.common_voxels;
    all.prediction += metrics.prediction_voxels;
    all.reference += metrics.reference_voxels;
  }
  return dice(all);
}

TumourBurden tumour_burden(const RegionMetrics& liver, const RegionMetrics& tumour) {
  TumourBurden result{burden(tumour.prediction_voxels, liver.prediction_voxels),
                      burden(tumour.reference_voxels, liver.reference_voxels), std::nullopt};
  if (result.prediction && result.reference) result.error = *result.prediction - *result.reference;
  return result;
}

BurdenError burden_error(std::span<const TumourBurden> burdens) {
  BurdenError result;
  double squares = 0, largest = 0;
  for (const TumourBurden& of_case : burdens) {
    if (!of_case.error) continue;
    ++result.n;
    squares += *of_case.error * *of_case.error;
    largest = std::max(largest, std::abs(*of_case.error));
  }
  if (result.n == 0) return result;
  result.rmse = std::sqrt(squares / static_cast<double>(result.n));
  result.max_size = largest;
  return result;
}

}  // namespace hepar
