// SPDX-License-Identifier: Apache-2.0
#include "trainer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "child_processes.h"
#include "hepar/core/error.h"
#include "hepar/core/parallel.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;

constexpr std::array kCodes{ErrorCode::kInvalidInput, ErrorCode::kMissing,   ErrorCode::kUnsupported,
                            ErrorCode::kCorrupt,      ErrorCode::kExhausted, ErrorCode::kCancelled};

[[noreturn]] void fail(const ChildEnd& end, const TrainerCall& call, const Progress& progress) {
  const std::string resume =
      fmt::format("go on with hepar train --resume {} --fold {}", call.run.string(), call.fold);
  if (progress.cancelled()) throw Error(ErrorCode::kCancelled, "the training was stopped; " + resume);
  if (end.signal != 0) {
    // Linux ends a process with SIGKILL when the memory is used up.
    throw Error(end.killed() ? ErrorCode::kExhausted : ErrorCode::kInternal,
                fmt::format("hepar-train was ended by signal {}{}; {}", end.signal,
                            end.killed() ? ", as happens when the memory is used up" : "", resume));
  }
  const auto code = std::find_if(kCodes.begin(), kCodes.end(),
                                 [&](ErrorCode one) { return exit_status(one) == end.exit_status; });
  const ErrorCode meaning = code == kCodes.end() ? ErrorCode::kInternal : *code;
  throw Error(meaning, meaning == ErrorCode::kCancelled
                           ? fmt::format("the training was stopped; {}", resume)
                           : "the training ended early; hepar-train's own message stands above");
}

}  // namespace

fs::path trainer_program() {
  const fs::path program = fs::read_symlink("/proc/self/exe").parent_path() / "hepar-train";
  if (!fs::exists(program)) {
    throw Error(ErrorCode::kMissing,
                fmt::format("{} is not there; build Hepar with -DHEPAR_WITH_TORCH=ON (needs LibTorch).",
                            program.string()));
  }
  return program;
}

std::vector<std::string> trainer_arguments(const TrainerCall& call) {
  std::vector<std::string> arguments;
  const auto add = [&](std::initializer_list<std::string> more) { arguments.insert(arguments.end(), more); };
  if (call.resume) {
    add({"--resume", call.run.string()});
  } else {
    add({call.preprocessed.string(), "-o", call.run.string(), "--splits",
         (call.run / "splits_final.json").string(), "--configuration", call.configuration});
    if (!call.initial_model.empty()) add({"--init", call.initial_model});
  }
  add({"--fold", std::to_string(call.fold), "--device", call.device, "--threads",
       std::to_string(std::max(1, thread_count() / call.processes))});
  if (!call.kernels.empty()) add({"--kernels", call.kernels});
  if (call.workers) add({"--workers", std::to_string(*call.workers)});
  if (call.quiet) add({"--quiet"});
  arguments.insert(arguments.end(), call.recipe.begin(), call.recipe.end());
  return arguments;
}

void run_trainer(const TrainerCall& call, const Progress& progress) {
  const std::vector<std::string> arguments = trainer_arguments(call);
  ChildProcesses children(trainer_program());
  if (call.processes == 1) {
    // Whatever a batch system says of its own job.
    children.start(arguments, {{"RANK", "0"}, {"WORLD_SIZE", "1"}});
  } else {
    const std::string port = std::to_string(free_local_port());
    for (int rank = 0; rank < call.processes; ++rank) {
      children.start(arguments, {{"RANK", std::to_string(rank)},
                                 {"LOCAL_RANK", std::to_string(rank)},
                                 {"WORLD_SIZE", std::to_string(call.processes)},
                                 {"MASTER_ADDR", "127.0.0.1"},
                                 {"MASTER_PORT", port}});
    }
  }
  if (const ChildEnd end = children.wait(progress); !end.well()) fail(end, call, progress);
}

}  // namespace hepar
