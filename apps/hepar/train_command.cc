// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "command.h"
#include "hepar/core/error.h"
#include "hepar/pipeline/validation_summary.h"
#include "recipe_options.h"
#include "training.h"

namespace hepar {
namespace {

namespace fs = std::filesystem;

struct TrainArguments {
  TrainingRequest request;
  TrainingOptions options;
  RecipeOptions recipe;
  fs::path resumed_run;
};

// What a training begins with, and a resumed one has already.
std::vector<CLI::Option*> bind_start(CLI::App& app, TrainArguments& arguments) {
  TrainingRequest& request = arguments.request;
  CLI::Option* split =
      app.add_option(
             "--split", request.split.counts,
             "Cases to train on and to validate on, such as 110/20, shuffled by a fixed seed; default: "
             "the splits_final.json of the preprocessed folder or the dataset, else nnU-Net's five folds")
          ->type_name("N/N");
  CLI::Option* splits =
      app.add_option("--splits", request.split.file, "The folds in an nnU-Net splits_final.json")
          ->excludes(split)
          ->type_name("FILE");
  return {
      split,
      splits,
      app.add_option("DATASET", request.dataset, "nnU-Net folder with dataset.json, imagesTr and labelsTr"),
      app.add_option("-o,--output", request.run, "Model folder to write")->type_name("RUN"),
      app.add_option("--init", arguments.options.initial_model, "Model folder whose weights to start from")
          ->type_name("MODEL"),
      app.add_option("--test-data", request.test_data,
                     "Scans that will judge the model; training refuses to start when it would see one")
          ->type_name("DIR"),
      app.add_option("--preprocessed", request.preprocessed,
                     "Folder of the prepared cases, which runs may share; default RUN/preprocessed")
          ->type_name("DIR"),
      app.add_option("--configuration", request.configuration, "Configuration of the plans")
          ->type_name("NAME")
          ->capture_default_str()};
}

void bind(CLI::App& app, TrainArguments& arguments) {
  const std::vector<CLI::Option*> start = bind_start(app, arguments);
  CLI::Option* resume = app.add_option("--resume", arguments.resumed_run,
                                       "Go on with this run, as it was begun, from its last checkpoint")
                            ->type_name("RUN");
  app.add_option("--fold", arguments.request.fold, "Which split to train on, from 0")->capture_default_str();
  TrainingOptions& options = arguments.options;
  app.add_option("--device", options.device, "cpu or cuda")
      ->check(CLI::IsMember({"cpu", "cuda"}).description(""))
      ->capture_default_str();
  app.add_option("--workers", options.workers, "Threads that make patches")
      ->check(CLI::Range(0, 1024).description(""));
  app.add_option("--processes", options.processes, "Processes that share each batch, and the threads")
      ->check(CLI::Range(1, 256).description(""))
      ->capture_default_str();
  app.add_flag("--no-validation", options.no_validation,
               "Leave out the validation on the images' own grids after the training");
  arguments.recipe.bind(app);
  for (CLI::Option* option : start) option->excludes(resume);
  for (CLI::Option* option : app.get_options()) {
    if (option->get_group() == RecipeOptions::kGroup) option->excludes(resume);
  }
}

std::string result_json(const fs::path& run, std::uint32_t fold, const Validation& validation) {
  using Json = nlohmann::ordered_json;
  Json json{{"format", "hepar.training/1"},
            {"model", run.string()},
            {"fold", fold},
            {"validation_cases", validation.cases.size()},
            {"mean_dice", Json::object()}};
  for (const RegionDice& one : mean_dice(validation))
    json["mean_dice"][one.region] = one.mean ? Json(*one.mean) : Json();
  return json.dump(2);
}

Validation train(const TrainArguments& arguments, Console& console) {
  if (!arguments.resumed_run.empty())
    return resume_training(arguments.resumed_run, arguments.request.fold, arguments.options, console);
  if (arguments.request.dataset.empty() || arguments.request.run.empty()) {
    throw Error(ErrorCode::kInvalidInput,
                "give a dataset and the model folder to write with -o, or --resume with a run to go on with");
  }
  return start_training(arguments.request, arguments.recipe.recipe(), arguments.options, console);
}

void run(const TrainArguments& arguments, Console& console) {
  const Validation validation = train(arguments, console);
  const fs::path& model = arguments.resumed_run.empty() ? arguments.request.run : arguments.resumed_run;
  const std::uint32_t fold = arguments.request.fold;
  if (console.json) console.result(result_json(model, fold, validation));
  if (!validation.cases.empty()) {
    console.say(fmt::format("Validation of fold {} on the images' own grids:\n{}", fold,
                            validation_text(validation)));
  }
  console.say(fmt::format("The model is {}", model.string()));
}

}  // namespace

Command make_train_command() {
  auto arguments = std::make_shared<TrainArguments>();
  return {
      .name = "train",
      .summary = "Train a model on an nnU-Net dataset, or go on with a training.",
      .sources = {"recipe paper: Lin et al., Front. Oncol. 14:1423774, 2024",
                  "recipe nnunet and all planning: Isensee et al., Nat. Methods 18:203-211, 2021 (nnU-Net)"},
      .bind = [arguments](CLI::App& app) { bind(app, *arguments); },
      .run = [arguments](Console& console) { run(*arguments, console); },
      .definitions = {"RUN becomes a model folder: predict with -m RUN. What lies in it: docs/training.md."}};
}

}  // namespace hepar
