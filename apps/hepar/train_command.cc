// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "command.h"
#include "hepar/core/error.h"
#include "hepar/nn/validation_summary.h"
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
  std::vector<const CLI::Option*> not_with_resume;
};

// What a training begins with, and a resumed one has already.
void bind_start(CLI::App& app, TrainArguments& arguments) {
  TrainingRequest& request = arguments.request;
  app.add_option("DATASET", request.dataset, "nnU-Net folder with dataset.json, imagesTr and labelsTr")
      ->type_name("");
  app.add_option("-o,--output", request.run, "Model folder to write")->type_name("RUN");
  app.add_option("--init", arguments.options.initial_model, "Model folder whose weights to start from")
      ->type_name("MODEL");
  app.add_option("--split", request.split.counts,
                 "Cases to train on and to validate on, such as 110/20; default: nnU-Net's folds")
      ->type_name("N/N");
  app.add_option("--splits", request.split.file, "The folds in an nnU-Net splits_final.json")
      ->type_name("FILE");
  app.add_option("--test-data", request.test_data,
                 "Scans that will judge the model; none may be among the training cases")
      ->type_name("DIR");
  app.add_option("--preprocessed", request.preprocessed,
                 "Folder of the prepared cases, which runs may share; default RUN/preprocessed")
      ->type_name("DIR");
  app.add_option("--configuration", request.configuration, "Configuration of the plans")
      ->type_name("NAME")
      ->capture_default_str();
}

void bind(CLI::App& app, TrainArguments& arguments) {
  bind_start(app, arguments);
  for (const CLI::Option* option : app.get_options()) {
    if (!option->check_lname("help")) arguments.not_with_resume.push_back(option);
  }
  app.add_option(
         "--resume", arguments.resumed_run,
         "Instead of a dataset and -o: go on with this run from its last checkpoint, by its recipe and "
         "what options below change of it")
      ->type_name("RUN");
  app.add_option("--fold", arguments.request.fold, "Which split to train on, from 0")
      ->type_name("K")
      ->capture_default_str();
  TrainingOptions& options = arguments.options;
  app.add_option("--device", options.device, "cpu or cuda")
      ->check(CLI::IsMember({"cpu", "cuda"}).description(""))
      ->type_name("")
      ->capture_default_str();
  app.add_option(
         "--kernels", options.kernels,
         "hepar or libtorch: whose loops train on a CPU in float32; default: Hepar's, the faster, where "
         "they are built in")
      ->check(CLI::IsMember({"hepar", "libtorch"}).description(""))
      ->type_name("");
  app.add_option("--workers", options.workers, "Threads that make patches")
      ->check(CLI::Range(1, 1024).description(""))
      ->type_name("N");
  app.add_option("--processes", options.processes, "Processes that share each batch, and the threads")
      ->check(CLI::Range(1, 256).description(""))
      ->type_name("N")
      ->capture_default_str();
  app.add_flag("--no-validation", options.no_validation,
               "Leave out the validation on the images' own grids after the training");
  arguments.recipe.bind(app);
  arguments.not_with_resume.push_back(app.get_option("--config"));
}

void check(const TrainArguments& arguments) {
  const auto refuse = [](const std::string& what) { throw Error(ErrorCode::kInvalidInput, what); };
  const SplitChoice& split = arguments.request.split;
  if (!split.counts.empty() && !split.file.empty()) refuse("give --split or --splits, not both");
  if (arguments.resumed_run.empty()) {
    if (arguments.request.dataset.empty() || arguments.request.run.empty())
      refuse("give a dataset and the model folder to write with -o, or --resume with a run to go on with");
    return;
  }
  for (const CLI::Option* option : arguments.not_with_resume) {
    if (option->count() > 0)
      refuse(
          fmt::format("--resume goes on with what the run was begun with; leave out {}", option->get_name()));
  }
}

std::string result_json(const fs::path& run, std::uint32_t fold, const Validation& validation) {
  using Json = nlohmann::ordered_json;
  Json json{{"format", "hepar.trained/1"},
            {"model", run.string()},
            {"fold", fold},
            {"validation_cases", validation.cases.size()},
            {"mean_dice", Json::object()}};
  for (const RegionDice& one : mean_dice(validation))
    json["mean_dice"][one.region] = one.mean ? Json(*one.mean) : Json();
  return json.dump(2);
}

Validation train(const TrainArguments& arguments, Console& console) {
  check(arguments);
  if (!arguments.resumed_run.empty())
    return resume_training(arguments.resumed_run, arguments.request.fold, arguments.options,
                           arguments.recipe.given_arguments(), console);
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
