// SPDX-License-Identifier: Apache-2.0
#include "hepar/core/parallel.h"

#include <omp.h>

#include <atomic>
#include <exception>
#include <mutex>

#include "hepar/core/error.h"

namespace hepar {
namespace {
// OpenMP, since oneDNN runs on it too: one pool of threads, no oversubscription.
std::atomic<int> requested_threads{0};
}  // namespace

void set_thread_count(int count) {
  if (count < 1) {
    throw Error(ErrorCode::kInvalidInput,
                "the number of threads is " + std::to_string(count) + "; give 1 or more");
  }
  requested_threads = count;
  omp_set_num_threads(count);
}

int thread_count() {
  const int requested = requested_threads;
  return requested > 0 ? requested : omp_get_num_procs();
}

void parallel_for(std::int64_t count, const std::function<void(std::int64_t)>& task) {
  const int threads = thread_count();
  if (threads == 1 || count <= 1 || omp_in_parallel() != 0) {
    for (std::int64_t n = 0; n < count; ++n) task(n);
    return;
  }
  std::exception_ptr failure;
  std::mutex failure_mutex;
  std::atomic<bool> failed{false};
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
  for (std::int64_t n = 0; n < count; ++n) {
    if (failed.load(std::memory_order_relaxed)) continue;
    try {
      task(n);
    } catch (...) {
      const std::lock_guard lock(failure_mutex);
      if (!failure) failure = std::current_exception();
      failed = true;
    }
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace hepar
