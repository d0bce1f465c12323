// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "hepar/train/patch.h"

namespace hepar {

// Draws patches ahead of their use, on threads of its own.
class PatchLoader {
 public:
  // Patches `first` to `end`, without it. draw(index) is called once for each index, by `workers` threads at
  // once and in any order, but never for the `ahead`-th patch after the next one or a later one; both >= 1.
  PatchLoader(std::function<Patch(std::uint64_t index)> draw, std::uint64_t first, std::uint64_t end,
              int workers, std::size_t ahead);
  // Waits for the patches that are being drawn, and draws no other.
  ~PatchLoader();
  PatchLoader(const PatchLoader&) = delete;
  PatchLoader& operator=(const PatchLoader&) = delete;

  // The patches in the order of their indices, whatever the number of workers. Throws what draw(index) threw.
  // One caller at a time; not after the last.
  Patch next();
  // How long next() has waited for patches, all calls together.
  double waited_s() const { return waited_s_; }

 private:
  struct Drawn {
    Patch patch;
    std::exception_ptr error;
  };
  void work(const std::stop_token& stop);

  std::function<Patch(std::uint64_t)> draw_;
  std::uint64_t next_, end_;
  std::uint64_t undrawn_;  // the next index that a worker takes
  std::size_t ahead_;
  double waited_s_ = 0;
  std::map<std::uint64_t, Drawn> drawn_;
  std::mutex mutex_;  // of all above but draw_ and waited_s_
  std::condition_variable_any room_, ready_;
  std::vector<std::jthread> workers_;  // last: they end before what they use
};

}  // namespace hepar
