// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn_cpu/map_arena.h"

#include <algorithm>

#include "hepar/core/error.h"

namespace hepar::cpu {

MapArena::Map MapArena::add(std::int64_t count) {
  constexpr std::int64_t kCacheLine = 16;  // floats
  maps_.push_back({(count + kCacheLine - 1) / kCacheLine * kCacheLine, 0, 0, false, 0});
  return maps_.size() - 1;
}

void MapArena::use(Map map, std::size_t step) {
  Entry& entry = maps_.at(map);
  entry.first_step = entry.used ? std::min(entry.first_step, step) : step;
  entry.last_step = entry.used ? std::max(entry.last_step, step) : step;
  entry.used = true;
}

std::int64_t MapArena::lowest_gap(const Entry& entry, const std::vector<const Entry*>& placed) const {
  std::int64_t offset = 0;
  for (const Entry* other : placed) {  // by ascending offset
    if (other->last_step < entry.first_step || entry.last_step < other->first_step) continue;
    if (offset + entry.count <= other->offset) break;
    offset = std::max(offset, other->offset + other->count);
  }
  return offset;
}

void MapArena::place() {
  std::vector<Entry*> order;
  for (Entry& entry : maps_)
    if (entry.used) order.push_back(&entry);
  std::stable_sort(order.begin(), order.end(),
                   [](const Entry* a, const Entry* b) { return a->count > b->count; });
  std::vector<const Entry*> placed;
  for (Entry* entry : order) {
    entry->offset = lowest_gap(*entry, placed);
    total_ = std::max(total_, entry->offset + entry->count);
    const auto above =
        std::upper_bound(placed.begin(), placed.end(), entry->offset,
                         [](std::int64_t offset, const Entry* other) { return offset < other->offset; });
    placed.insert(above, entry);
  }
}

}  // namespace hepar::cpu
