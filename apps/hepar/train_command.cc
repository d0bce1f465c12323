// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "command.h"
#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "preprocess_dataset.h"

namespace hepar {
namespace {

namespace fs = std::filesystem;

struct TrainRequest {
  fs::path dataset, run;
  std::int64_t iterations = 3000, batch = 0;
  double learning_rate = 1e-3;
  std::uint64_t seed = 1;
  std::string initial_model;
  bool resume = false, bfloat16 = false;
};

fs::path trainer_program() {
  const fs::path program = fs::read_symlink("/proc/self/exe").parent_path() / "hepar-train";
  if (!fs::exists(program)) {
    throw Error(ErrorCode::kMissing,
                fmt::format("{} is not there; build Hepar with -DHEPAR_WITH_TORCH=ON (needs LibTorch).",
                            program.string()));
  }
  return program;
}

std::vector<std::string> trainer_arguments(const TrainRequest& request, const fs::path& preprocessed,
                                           bool quiet) {
  std::vector<std::string> arguments{preprocessed.string(), "-o", request.run.string()};
  const auto add = [&](const char* option, const std::string& value) {
    arguments.insert(arguments.end(), {option, value});
  };
  add("--iterations", std::to_string(request.iterations));
  add("--learning-rate", fmt::format("{}", request.learning_rate));
  add("--batch", std::to_string(request.batch));
  add("--seed", std::to_string(request.seed));
  add("--threads", std::to_string(thread_count()));
  if (!request.initial_model.empty()) add("--init", request.initial_model);
  if (request.resume) arguments.push_back("--resume");
  if (request.bfloat16) arguments.push_back("--bfloat16");
  if (quiet) arguments.push_back("--quiet");
  return arguments;
}

// Becomes the trainer: one process, so that whatever ends `hepar train` ends the training.
[[noreturn]] void become(const fs::path& program, const std::vector<std::string>& arguments) {
  std::vector<char*> argv{const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  std::fflush(nullptr);
  ::execv(program.c_str(), argv.data());
  throw Error(ErrorCode::kMissing,
              fmt::format("{} can't be started: {}.", program.string(), std::strerror(errno)));
}

void run_training(const TrainRequest& request, Console& console) {
  const fs::path program = trainer_program();
  const fs::path preprocessed = request.run / "preprocessed";
  preprocess_dataset(request.dataset, preprocessed, &console);
  console.end_progress();
  become(program, trainer_arguments(request, preprocessed, console.quiet || console.json));
}

}  // namespace

Command make_train_command() {
  auto request = std::make_shared<TrainRequest>();
  return {.name = "train",
          .summary = "Train a model on an nnU-Net dataset; needs the program hepar-train.",
          .sources = {"Loss: Lin et al., Front. Oncol. 14:1423774, 2024, formula 1",
                      "Network: Isensee et al., Nat. Methods 18:203-211, 2021 (nnU-Net)"},
          .bind =
              [request](CLI::App& app) {
                app.add_option("DATASET", request->dataset, "Folder with dataset.json, imagesTr and labelsTr")
                    ->required();
                app.add_option("-o,--output", request->run, "Model folder to write")->required();
                app.add_option("--iterations", request->iterations, "Optimiser steps")->capture_default_str();
                app.add_option("--learning-rate", request->learning_rate, "Adam's step size at the start")
                    ->capture_default_str();
                app.add_option("--batch", request->batch, "Patches per step; default as planned");
                app.add_option("--seed", request->seed, "Same seed, data and threads: same weights")
                    ->capture_default_str();
                app.add_option("--init", request->initial_model, "Model folder whose weights to start from");
                app.add_flag("--resume", request->resume,
                             "Go on from the last checkpoint in the output folder");
                app.add_flag("--bfloat16", request->bfloat16,
                             "Convolutions in bfloat16; for processors with AVX512_BF16 or AMX");
              },
          .run = [request](Console& console) { run_training(*request, console); }};
}

}  // namespace hepar
