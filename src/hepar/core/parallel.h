// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

namespace hepar {

// How many threads parallel_for and the engines use. Default: the processors this process may run on.
void set_thread_count(int count);  // throws kInvalidInput unless count >= 1
int thread_count();

// Runs task(0) .. task(count - 1), each once, in any order and on several threads. Tasks must not share
// mutable state, so that results do not depend on the thread count. The first exception is rethrown
// after all started tasks have ended. Nested calls run on the calling thread.
void parallel_for(std::int64_t count, const std::function<void(std::int64_t)>& task);

}  // namespace hepar
