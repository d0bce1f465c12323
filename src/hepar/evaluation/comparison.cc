// SPDX-License-Identifier: Apache-2.0
#include "hepar/evaluation/comparison.h"

#include "hepar/core/error.h"

namespace hepar {
namespace {

// Fills in the adjusted p of the rows that have one.
void adjust(std::span<MethodComparison> rows, std::optional<double> (*p_of)(const PairedComparison&),
            std::optional<double> MethodComparison::*adjusted) {
  std::vector<double> p;
  for (const MethodComparison& row : rows) {
    if (const auto value = p_of(row.statistics)) p.push_back(*value);
  }
  const std::vector<double> holm = holm_adjusted(p);
  auto next = holm.begin();
  for (MethodComparison& row : rows) {
    if (p_of(row.statistics)) row.*adjusted = *next++;
  }
}

std::optional<double> t_p(const PairedComparison& c) {
  return c.t_test ? std::optional(c.t_test->p_two_sided) : std::nullopt;
}
std::optional<double> wilcoxon_p(const PairedComparison& c) {
  return c.wilcoxon ? std::optional(c.wilcoxon->p_two_sided) : std::nullopt;
}

}  // namespace

std::vector<MethodComparison> compare_methods(const Evaluation& evaluation) {
  std::vector<MethodComparison> all;
  const MethodResult& first = evaluation.methods.front();
  for (std::size_t m = 1; m < evaluation.methods.size(); ++m) {
    const MethodResult& second = evaluation.methods[m];
    for (std::size_t region = 0; region < evaluation.options.regions.size(); ++region) {
      std::vector<MethodComparison> rows;
      for (const std::string_view key : kComparedMetrics) {
        const MetricInfo* metric = find_metric(key);
        HEPAR_EXPECT(metric != nullptr, "a compared metric is in the table");
        const PairedValues values = paired_values(first, second, region, metric->value);
        if (values.first.empty()) continue;
        rows.push_back({.region = evaluation.options.regions[region].name,
                        .metric = metric,
                        .first = first.name,
                        .second = second.name,
                        .statistics = compare_paired(values.first, values.second),
                        .t_p_holm = {},
                        .wilcoxon_p_holm = {}});
      }
      adjust(rows, t_p, &MethodComparison::t_p_holm);
      adjust(rows, wilcoxon_p, &MethodComparison::wilcoxon_p_holm);
      all.insert(all.end(), rows.begin(), rows.end());
    }
  }
  return all;
}

}  // namespace hepar
