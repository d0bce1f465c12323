// SPDX-License-Identifier: Apache-2.0
#include "hepar/numeric/paired_comparison.h"

#include <fmt/format.h>

#include "hepar/numeric/bootstrap.h"

namespace hepar {
namespace {

constexpr double kLevel = 0.05;
constexpr double kLargeEffect = 0.8;  // Cohen 1988, section 2.2.3

std::vector<std::string> warnings_of(const PairedComparison& comparison) {
  if (comparison.n < 2) return {"With fewer than 2 pairs nothing can be tested."};
  std::vector<std::string> warnings;
  if (!comparison.wilcoxon) {
    warnings.emplace_back("No pair differs: there is nothing to test.");
  } else {
    if (!comparison.t_test) {
      warnings.emplace_back("All pairs differ by the same amount: there is no t test and no effect size.");
    }
    const std::int64_t pairs = comparison.wilcoxon->pairs;
    if (const double smallest = smallest_wilcoxon_p(pairs); smallest > kLevel) {
      warnings.push_back(fmt::format("With {} that {} the Wilcoxon test can't give a p below {}.",
                                     pairs == 1 ? "1 pair" : fmt::format("{} pairs", pairs),
                                     pairs == 1 ? "differs" : "differ", smallest));
    }
  }
  if (const double d_z = *smallest_detectable_dz(comparison.n); d_z > kLargeEffect) {
    warnings.push_back(
        fmt::format("{} pairs find a difference with 80 % power only from {:.2g} standard deviations of the "
                    "differences on: no significant difference does not mean no difference.",
                    comparison.n, d_z));
  }
  return warnings;
}

}  // namespace

PairedComparison compare_paired(std::span<const double> before, std::span<const double> after) {
  const std::vector<double> differences = paired_differences(before, after);
  PairedComparison comparison{.n = static_cast<std::int64_t>(before.size()),
                              .before = summarise(before),
                              .after = summarise(after),
                              .mean_difference = mean(differences),
                              .bootstrap_interval = bca_interval(differences),
                              .t_test = paired_t_test(before, after),
                              .wilcoxon = wilcoxon_signed_rank(before, after),
                              .effect = paired_effect(before, after),
                              .warnings = {}};
  comparison.warnings = warnings_of(comparison);
  return comparison;
}

}  // namespace hepar
