// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "command.h"
#include "preprocess_dataset.h"
#include "trainer.h"

namespace hepar {
namespace {

namespace fs = std::filesystem;

struct TrainRequest {
  fs::path dataset, run;
  TrainerOptions options;
};

void run_training(const TrainRequest& request, Console& console) {
  trainer_program();  // a missing one is said before an hour of preparation
  const fs::path preprocessed = request.run / "preprocessed";
  preprocess_dataset(request.dataset, preprocessed, {}, &console);
  console.end_progress();
  become_trainer(preprocessed, request.run, request.options, console.quiet || console.json);
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
                app.add_option("--iterations", request->options.iterations, "Optimiser steps")
                    ->capture_default_str();
                app.add_option("--learning-rate", request->options.learning_rate,
                               "Adam's step size at the start")
                    ->capture_default_str();
                app.add_option("--batch", request->options.batch, "Patches per step; default as planned");
                app.add_option("--seed", request->options.seed, "Same seed, data and threads: same weights")
                    ->capture_default_str();
                app.add_option("--init", request->options.initial_model,
                               "Model folder whose weights to start from");
                app.add_flag("--resume", request->options.resume,
                             "Go on from the last checkpoint in the output folder");
                app.add_flag("--bfloat16", request->options.bfloat16,
                             "Convolutions in bfloat16; for processors with AVX512_BF16 or AMX");
              },
          .run = [request](Console& console) { run_training(*request, console); }};
}

}  // namespace hepar
