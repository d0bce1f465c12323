// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

namespace hepar::cpu {

// Places for feature maps in one piece of memory: maps that no step needs together may share theirs.
class MapArena {
 public:
  using Map = std::size_t;

  // A map of `count` floats.
  Map add(std::int64_t count);
  // The map holds what some step wrote from its first use on until its last one.
  void use(Map map, std::size_t step);
  // Chooses the places: the largest maps first, each as low as those that live at the same time allow.
  void place();

  // After place(), in floats; multiples of a cache line.
  std::int64_t offset(Map map) const { return maps_[map].offset; }
  std::int64_t total() const { return total_; }

 private:
  struct Entry {
    std::int64_t count;
    std::size_t first_step, last_step;
    bool used;
    std::int64_t offset;
  };
  std::int64_t lowest_gap(const Entry& entry, const std::vector<const Entry*>& placed) const;

  std::vector<Entry> maps_;
  std::int64_t total_ = 0;
};

}  // namespace hepar::cpu
