// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <string>

namespace hepar {

// Wall-clock seconds by stage, as reported in timings_s.
class StageClock {
 public:
  // Ends the running stage and starts the named one.
  void start(const std::string& stage) {
    stop();
    stage_ = stage;
    since_ = Clock::now();
  }
  void stop() {
    if (!stage_.empty()) seconds_[stage_] += std::chrono::duration<double>(Clock::now() - since_).count();
    stage_.clear();
  }
  const std::map<std::string, double>& seconds() const { return seconds_; }

 private:
  using Clock = std::chrono::steady_clock;
  std::string stage_;
  Clock::time_point since_;
  std::map<std::string, double> seconds_;
};

}  // namespace hepar
