// SPDX-License-Identifier: Apache-2.0
#include "hepar/core/parallel.h"

#include <omp.h>

#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "hepar/core/error.h"

namespace hepar {
namespace {
// OpenMP, since oneDNN runs on it too: one pool of threads, no oversubscription.
std::atomic<int> requested_threads{0};

#ifdef __SANITIZE_THREAD__
// GCC's sanitizer knows nothing of the locks inside its OpenMP library, so that it takes every start and end
// of a parallel region for a race. It sees the same tasks on threads whose locks it knows.
thread_local bool in_parallel = false;

void run_on_threads(int threads, std::int64_t count, const std::function<void(std::int64_t)>& task) {
  std::atomic<std::int64_t> next{0};
  std::vector<std::jthread> team;
  for (int t = 0; t < threads; ++t) {
    team.emplace_back([&] {
      in_parallel = true;
      for (std::int64_t n = next++; n < count; n = next++) task(n);
    });
  }
}
bool is_nested() { return in_parallel; }
#else
void run_on_threads(int threads, std::int64_t count, const std::function<void(std::int64_t)>& task) {
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
  for (std::int64_t n = 0; n < count; ++n) task(n);
}
bool is_nested() { return omp_in_parallel() != 0; }
#endif

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
  if (threads == 1 || count <= 1 || is_nested()) {
    for (std::int64_t n = 0; n < count; ++n) task(n);
    return;
  }
  std::exception_ptr failure;
  std::mutex failure_mutex;
  std::atomic<bool> failed{false};
  run_on_threads(threads, count, [&](std::int64_t n) {
    if (failed.load(std::memory_order_relaxed)) return;
    try {
      task(n);
    } catch (...) {
      const std::lock_guard lock(failure_mutex);
      if (!failure) failure = std::current_exception();
      failed = true;
    }
  });
  if (failure) std::rethrow_exception(failure);
}

}  // namespace hepar
