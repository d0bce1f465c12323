// SPDX-License-Identifier: Apache-2.0
#include "hepar/train/patch_loader.h"

#include <chrono>

#include "hepar/core/error.h"

namespace hepar {

PatchLoader::PatchLoader(std::function<Patch(std::uint64_t)> draw, std::uint64_t first, std::uint64_t end,
                         int workers, std::size_t ahead)
    : draw_(std::move(draw)), next_(first), end_(end), undrawn_(first), ahead_(ahead) {
  HEPAR_EXPECT(workers >= 1 && ahead >= 1, "a loader needs a worker and a patch to draw");
  for (int n = 0; n < workers; ++n)
    workers_.emplace_back([this](const std::stop_token& stop) { work(stop); });
}

PatchLoader::~PatchLoader() {
  for (std::jthread& worker : workers_) worker.request_stop();
}

void PatchLoader::work(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (undrawn_ < end_) {
    if (!room_.wait(lock, stop, [this] { return undrawn_ >= end_ || undrawn_ < next_ + ahead_; })) return;
    if (undrawn_ >= end_ || stop.stop_requested()) return;
    const std::uint64_t index = undrawn_++;
    lock.unlock();
    Drawn drawn;
    try {
      drawn.patch = draw_(index);
    } catch (...) {
      drawn.error = std::current_exception();
    }
    lock.lock();
    drawn_.emplace(index, std::move(drawn));
    ready_.notify_one();
  }
}

Patch PatchLoader::next() {
  const auto begin = std::chrono::steady_clock::now();
  std::unique_lock lock(mutex_);
  HEPAR_EXPECT(next_ < end_, "all patches are drawn");
  ready_.wait(lock, [this] { return drawn_.count(next_) != 0; });
  waited_s_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  Drawn drawn = std::move(drawn_.extract(next_).mapped());
  ++next_;
  lock.unlock();
  room_.notify_all();
  if (drawn.error) std::rethrow_exception(drawn.error);
  return std::move(drawn.patch);
}

}  // namespace hepar
