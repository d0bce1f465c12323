// SPDX-License-Identifier: Apache-2.0
#pragma once

// The engine in all its ways, for tests.

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "hepar/nn/test_golden_patch.h"
#include "hepar/nn_cpu/cpu_engine.h"

namespace hepar {

struct AlgorithmsUnderTest {
  std::string name;
  CpuAlgorithms algorithms;
  // Largest difference from float64, as a share of the largest logit, on networks that are as wide as those
  // people train: 3e-4 and 5e-5 on logits of up to 6.
  double error_share;
};

inline void PrintTo(const AlgorithmsUnderTest& test, std::ostream* out) { *out << test.name; }

inline const std::vector<AlgorithmsUnderTest>& all_algorithms() {
  static const std::vector<AlgorithmsUnderTest> kAll{{"default", CpuAlgorithms::kDefault, 3e-4 / 6},
                                                     {"exact", CpuAlgorithms::kExact, 5e-5 / 6},
                                                     {"onednn", CpuAlgorithms::kOneDnn, 5e-5 / 6}};
  return kAll;
}

// A golden patch: to the last float32 bits unless F(4,3) takes part.
inline void expect_logits_by_all(const std::filesystem::path& folder) {
  for (const AlgorithmsUnderTest& test : all_algorithms()) {
    SCOPED_TRACE(test.name);
    const bool rounds_more = test.algorithms == CpuAlgorithms::kDefault;
    expect_logits_of_nnunet(
        folder,
        [&test](const NetworkSpec& spec, const Weights& weights) {
          return make_cpu_engine(spec, weights, {.algorithms = test.algorithms});
        },
        rounds_more ? std::optional(test.error_share) : std::nullopt);
  }
}

}  // namespace hepar
