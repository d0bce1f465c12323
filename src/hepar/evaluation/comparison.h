// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hepar/evaluation/evaluation.h"
#include "hepar/metrics/metric_table.h"
#include "hepar/numeric/paired_comparison.h"

namespace hepar {

// The metrics that methods are compared by: one of overlap, one of agreement of the border and two of
// distance, and one of the work left. More would say the same again (Jaccard is a function of Dice) and cost
// power.
inline constexpr std::array<std::string_view, 5> kComparedMetrics{"dsc", "surface_dice", "hd95_mm", "assd_mm",
                                                                  "added_path_length_mm"};

// One metric of one region, of two methods, over the cases where it is defined for both.
struct MethodComparison {
  std::string region;
  const MetricInfo* metric = nullptr;
  std::string first, second;  // names of the methods
  PairedComparison statistics;
  // p of both tests, adjusted by Holm over the metrics of this region and pair of methods that have a test.
  std::optional<double> t_p_holm, wilcoxon_p_holm;
};

// Every method against the first, region by region; metrics without a common case are left out.
std::vector<MethodComparison> compare_methods(const Evaluation& evaluation);

}  // namespace hepar
