// SPDX-License-Identifier: Apache-2.0
#include "hepar/core/parallel.h"

#include <gtest/gtest.h>

#include <vector>

#include "hepar/core/error.h"

namespace hepar {
namespace {

TEST(ParallelFor, RunsEachTaskOnce) {
  for (const int threads : {1, 2, 5}) {
    set_thread_count(threads);
    std::vector<int> runs(1000, 0);
    parallel_for(1000, [&](std::int64_t n) { ++runs[static_cast<std::size_t>(n)]; });
    EXPECT_EQ(runs, std::vector<int>(1000, 1));
  }
}

TEST(ParallelFor, RethrowsATasksError) {
  set_thread_count(3);
  EXPECT_THROW(parallel_for(10,
                            [](std::int64_t n) {
                              if (n == 4) throw Error(ErrorCode::kCorrupt, "four");
                            }),
               Error);
}

TEST(ParallelFor, NestedCallsRun) {
  set_thread_count(2);
  std::vector<int> sums(4, 0);
  parallel_for(4, [&](std::int64_t n) {
    parallel_for(3, [&](std::int64_t m) { sums[static_cast<std::size_t>(n)] += static_cast<int>(m); });
  });
  EXPECT_EQ(sums, std::vector<int>(4, 3));  // 0 + 1 + 2
}

TEST(SetThreadCount, RefusesZero) { EXPECT_THROW(set_thread_count(0), Error); }

}  // namespace
}  // namespace hepar
