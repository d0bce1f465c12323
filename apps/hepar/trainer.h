// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace hepar {

// What `hepar-train` is told.
struct TrainerOptions {
  std::int64_t iterations = 3000, batch = 0;
  double learning_rate = 1e-3;
  std::uint64_t seed = 1;
  std::string initial_model;
  bool resume = false, bfloat16 = false;
};

// The program hepar-train beside this one; Error(kMissing) when it was not built.
std::filesystem::path trainer_program();

// Becomes the trainer: one process, so that whatever ends `hepar train` ends the training.
[[noreturn]] void become_trainer(const std::filesystem::path& preprocessed, const std::filesystem::path& run,
                                 const TrainerOptions& options, bool quiet);

// Runs it and waits. Error with its exit code's meaning when it fails; a stop asked of this process stops it
// too.
void run_trainer(const std::filesystem::path& preprocessed, const std::filesystem::path& run,
                 const TrainerOptions& options, bool quiet);

}  // namespace hepar
