// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "command.h"
#include "engine_choice.h"
#include "hepar/core/error.h"
#include "hepar/pipeline/predict.h"
#include "model_options.h"

namespace hepar {
namespace {

struct PredictArguments {
  PredictRequest request;
  bool no_mirror = false;
  EngineChoice engine;
};

void bind(CLI::App& app, PredictArguments& arguments) {
  PredictRequest& request = arguments.request;
  app.add_option("INPUT", request.input, "Folder with NAME_0000.nii.gz, NAME_0001.nii.gz, ... for each case")
      ->required();
  app.add_option("OUTPUT", request.output, "Folder for NAME.nii.gz, dataset.json and plans.json")->required();
  app.add_option("-m,--model", request.model,
                 "Model folder, nnU-Net's TRAINER__PLANS__CONFIGURATION or Hepar's")
      ->required();
  bind_model_selection(app, request.selection);
  bind_device(app, arguments.engine);
  bind_engine(app, arguments.engine);
  app.add_flag("--no-mirror", arguments.no_mirror,
               "No average over mirrored patches: up to 8 times faster, slightly less accurate");
  bind_step(app, request.options.step_fraction);
  bind_search(app, request.options.search, false);
  app.add_flag("--save-probabilities", request.save_probabilities,
               "Also NAME.npz with the probabilities and NAME.pkl, as nnU-Net writes them");
  app.add_flag("--parity", request.options.parity,
               "Round as nnU-Net does (16-bit sums) instead of keeping 32 bits; implies --engine exact");
  app.add_flag("--continue", request.keep_existing, "Leave out the cases that OUTPUT has");
  app.add_option(
      "--previous-stage", request.previous_stage,
      "Of a cascade: folder with the earlier stage's label maps; default: its model beside this one "
      "predicts them");
  app.add_option("--postprocessing", request.postprocessing,
                 "A postprocessing.json of nnU-Net: which labels keep their largest component only");
  app.add_flag("--accept-skewed-directions", request.accept_skewed_directions,
               "Image files whose axes are not at right angles: take the nearest ones that are");
}

void run(const PredictArguments& arguments, Console& console) {
  PredictRequest request = arguments.request;
  request.options.mirror = !arguments.no_mirror;
  EngineChoice engine = arguments.engine;
  if (request.options.parity) engine.rounding = "exact";
  const PredictResult result = predict_folder(request, engine_factory(engine), &console);
  console.end_progress();
  if (console.json) console.result(predict_json(result));
  console.say(predict_text(result, request.output));
  const auto failed = std::count_if(result.cases.begin(), result.cases.end(),
                                    [](const PredictedCase& done) { return !done.fault.empty(); });
  if (failed > 0) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("{} of {} cases could not be predicted; the list above says why", failed,
                            result.cases.size()));
  }
}

}  // namespace

Command make_predict_command() {
  auto arguments = std::make_shared<PredictArguments>();
  return {.name = "predict",
          .summary = "Run any nnU-Net v2 model on a folder of cases; the labels stay the model's own.",
          .sources = {"Isensee et al., Nat. Methods 18:203-211, 2021 (nnU-Net)"},
          .bind = [arguments](CLI::App& app) { bind(app, *arguments); },
          .run = [arguments](Console& console) { run(*arguments, console); }};
}

}  // namespace hepar
