// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "hepar/core/progress.h"

namespace hepar {

// One call of the program hepar-train.
struct TrainerCall {
  std::filesystem::path run;
  std::uint32_t fold = 0;
  // Go on with what the run says of itself; preprocessed, configuration and initial_model are unused.
  bool resume = false;
  std::filesystem::path preprocessed;  // cases, plans.json and dataset.json of the configuration
  std::string configuration = "3d_fullres";
  std::string initial_model;        // folder whose weights to start from; empty: none
  std::vector<std::string> recipe;  // options: all, or those that a resumed run changes
  std::string device = "cpu";
  std::string kernels;         // empty: the trainer's own choice
  std::optional<int> workers;  // threads that make patches; nothing: the trainer's own choice
  int processes = 1;           // that share each batch; they share the threads too
  bool quiet = false;
};

// The program hepar-train beside this one; Error(kMissing) when it was not built.
std::filesystem::path trainer_program();

// Its arguments, without the program's name.
std::vector<std::string> trainer_arguments(const TrainerCall& call);

// Runs it, as `call.processes` processes that find each other on this machine, and waits. They end with this
// process, and are told to stop when `progress` says that the user wants to. When one fails the others are
// stopped. Error with the meaning of the failed one's exit code, whose own message stands on stderr.
void run_trainer(const TrainerCall& call, const Progress& progress);

}  // namespace hepar
