// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hepar/numeric/paired_tests.h"

namespace hepar {

// All that is said about one quantity measured twice on the same cases; a difference is after - before.
struct PairedComparison {
  std::int64_t n = 0;  // pairs
  Summary before, after;
  std::optional<double> mean_difference;
  std::optional<Interval> bootstrap_interval;  // of the mean difference, 95 %, BCa
  std::optional<PairedTTest> t_test;
  std::optional<WilcoxonTest> wilcoxon;
  std::optional<PairedEffect> effect;
  // Sentences for the reader where there are too few pairs to say, or a test is undefined. They depend on
  // the numbers of pairs and not on p, so that a correction for several tests leaves them true:
  // - the Wilcoxon test can't reach p = 0.05 (at most 5 pairs that differ);
  // - the t test would overlook even what Cohen (1988) calls a large effect, d_z = 0.8, in more than one of
  //   five experiments (at most 14 pairs).
  std::vector<std::string> warnings;
};

// Both samples must have one size and finite values.
PairedComparison compare_paired(std::span<const double> before, std::span<const double> after);

}  // namespace hepar
