// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn_torch/maps_pool.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace hepar::blocked {

cpu::AlignedFloats MapsPool::take(std::int64_t count) {
  const std::lock_guard lock(mutex_);
  if (auto same_size = kept_blocks_.extract(count)) {
    kept_ -= count;
    in_use_ += count;
    return std::move(same_size.mapped());
  }
  const std::int64_t most = std::max(most_in_use_, in_use_ + count);
  // The largest first: the fewest have to come from the system again.
  while (in_use_ + count + kept_ > most) {
    const auto largest = std::prev(kept_blocks_.end());
    kept_ -= largest->first;
    kept_blocks_.erase(largest);
  }
  cpu::AlignedFloats values = cpu::make_aligned(count);
  in_use_ += count;
  most_in_use_ = most;
  return values;
}

void MapsPool::give_back(cpu::AlignedFloats values, std::int64_t count) {
  const std::lock_guard lock(mutex_);
  kept_blocks_.emplace(count, std::move(values));
  in_use_ -= count;
  kept_ += count;
}

std::int64_t MapsPool::held() const {
  const std::lock_guard lock(mutex_);
  return in_use_ + kept_;
}

}  // namespace hepar::blocked
