// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace hepar {

// What long operations report to and are stopped by. The library never prints; the application decides
// what a user sees.
class Progress {
 public:
  virtual ~Progress() = default;
  // `done` in [0, 1] of the named stage. May be called from any thread, one at a time.
  virtual void update(std::string_view stage, double done) = 0;
  // Asked now and then; true makes the operation throw Error(kCancelled).
  virtual bool cancelled() const { return false; }
};

// Reports to `progress` when there is one, and throws Error(kCancelled) when it asks to stop.
void report(Progress* progress, std::string_view stage, double done);

}  // namespace hepar
