// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "hepar/train/train.h"

namespace hepar {

// RUN/fold_K/metrics.jsonl, a JSON object an epoch, and progress.svg drawn from it.
class MetricsLog {
 public:
  // Keeps the lines of the first `finished_epochs` epochs and drops what a killed run wrote beyond them.
  MetricsLog(const std::filesystem::path& fold_folder, std::int64_t finished_epochs);
  void append(const EpochReport& report);

 private:
  std::filesystem::path file_;
  std::string text_;
};

}  // namespace hepar
