// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <mutex>

#include "hepar/cpu_kernels/blocked_maps.h"

namespace hepar::blocked {

// Memory of maps that are gone, for maps of the same size: the next iteration needs as many, and memory that
// comes from the system is cleared page by page. It holds no more than was in use at once.
class MapsPool {
 public:
  // Not initialised. Error(kExhausted) when there is no memory.
  cpu::AlignedFloats take(std::int64_t count);
  // What take(count) gave.
  void give_back(cpu::AlignedFloats values, std::int64_t count);
  // Floats in use and kept.
  std::int64_t held() const;

 private:
  mutable std::mutex mutex_;
  std::multimap<std::int64_t, cpu::AlignedFloats> kept_blocks_;  // by floats
  std::int64_t in_use_ = 0, most_in_use_ = 0, kept_ = 0;         // floats
};

}  // namespace hepar::blocked
