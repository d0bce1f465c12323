// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>

#include "hepar/train/train.h"

namespace hepar {

// A line an epoch, and within a long one a line every half minute, on stdout; notes on stderr.
class ProgressLines final : public TrainingObserver {
 public:
  ProgressLines(const TrainOptions& options, bool quiet, std::function<bool()> cancelled);

  void note(const std::string& sentence) override;
  void iteration_done(const IterationReport& report) override;
  void epoch_done(const EpochReport& report) override;
  void validated(const Validation& validation) override;
  bool cancelled() const override { return cancelled_(); }

 private:
  using Clock = std::chrono::steady_clock;
  void say(const std::string& line) const;

  const TrainOptions& options_;
  bool quiet_;
  std::function<bool()> cancelled_;
  Clock::time_point last_line_ = Clock::now();
  double epoch_seconds_ = 0;  // of the epochs of this process
  std::int64_t epoch_count_ = 0;
};

}  // namespace hepar
