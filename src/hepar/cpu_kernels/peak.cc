// SPDX-License-Identifier: Apache-2.0
#include "hepar/cpu_kernels/peak.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <vector>

#include "hepar/core/parallel.h"
#include "hepar/cpu_kernels/instruction_set.h"

namespace hepar::cpu {
namespace {

struct PeakLoop {
  float (*run)(std::int64_t steps);  // returns what keeps the compiler from leaving it out
  double flop_per_step;
};

namespace portable {
constexpr int kLanes = 4;
#include "hepar/cpu_kernels/peak.inc"
}  // namespace portable

#pragma GCC push_options
#pragma GCC target("avx2,fma")
namespace avx2 {
constexpr int kLanes = 8;
#include "hepar/cpu_kernels/peak.inc"
}  // namespace avx2
#pragma GCC pop_options

#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512bw,avx512vl,fma,prefer-vector-width=512")
namespace avx512 {
constexpr int kLanes = 16;
#include "hepar/cpu_kernels/peak.inc"
}  // namespace avx512
#pragma GCC pop_options

const PeakLoop& peak_loop() {
  return for_instruction_set(portable::kLoop, avx2::kLoop, avx512::kLoop);
}

}  // namespace

double measured_peak_gflops() {
  using Clock = std::chrono::steady_clock;
  // Some 10 ms: far more than it takes to start the threads, less than a turn of the scheduler.
  constexpr std::int64_t kSteps = 5'000'000;
  constexpr int kRounds = 15;
  const PeakLoop& loop = peak_loop();
  std::vector<float> sums(static_cast<std::size_t>(thread_count()));
  double best = 0;
  for (int round = 0; round < kRounds; ++round) {
    const auto start = Clock::now();
    parallel_for(thread_count(),
                 [&](std::int64_t n) { sums[static_cast<std::size_t>(n)] = loop.run(kSteps); });
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    best = std::max(best, loop.flop_per_step * kSteps * thread_count() / seconds / 1e9);
  }
  return best;
}

}  // namespace hepar::cpu
