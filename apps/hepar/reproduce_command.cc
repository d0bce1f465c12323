// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "command.h"
#include "engine_choice.h"
#include "hepar/core/error.h"
#include "hepar/pipeline/report_page.h"
#include "hepar/pipeline/reproduce.h"
#include "hepar/pipeline/training_set.h"
#include "recipe_options.h"
#include "trainer.h"
#include "training.h"

namespace hepar {
namespace {

struct ReproduceArguments {
  ReproduceRequest request;
  RecipeOptions recipe{"small"};
  bool no_train = false;
  double most_mb = ReportRequest().most_mb;
};

void bind(CLI::App& app, ReproduceArguments& arguments) {
  ReproduceRequest& request = arguments.request;
  app.add_option("-o,--output", request.output, "Folder to write")->required();
  CLI::Option* no_train =
      app.add_flag("--no-train", arguments.no_train, "Take a trained model instead of training one");
  app.add_option("-m,--model", request.model, "... this one; default: the one that comes with Hepar")
      ->needs(no_train);
  CLI::Option* train_data =
      app.add_option("--train-data", request.train_data,
                     "nnU-Net dataset to train on, its last cases for validation; default: 130 phantoms");
  CLI::Option* test_data =
      app.add_option("--test-data", request.test_data, "nnU-Net dataset to test on; default: 14 phantoms");
  train_data->needs(test_data);
  test_data->needs(train_data);
  app.add_option("--clinical-data", request.clinical_data,
                 "nnU-Net dataset to try the filter on; default: 25 phantoms with cysts, or the test data")
      ->needs(train_data);
  app.add_option("--validation-cases", request.validation_cases, "Cases held back from the training dataset")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  app.add_option("--training-cases", request.training_cases, "Phantoms to train on")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  app.add_option("--test-cases", request.test_cases, "Phantoms to test on")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  app.add_option("--clinical-cases", request.clinical_cases, "Phantoms with cysts")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  app.add_option("--seed", request.seed, "Which phantoms")->capture_default_str();
  app.add_option("--max-mb", arguments.most_mb, "Largest page in megabytes")
      ->check(CLI::Range(0.1, 1000.0))
      ->capture_default_str();
  arguments.recipe.bind(app);
}

// The last cases by name are held back.
Split last_held_back(const std::filesystem::path& dataset, int validation_cases) {
  const std::vector<std::string> names = open_training_set(dataset).names();
  const auto held_back = static_cast<std::size_t>(validation_cases);
  if (held_back >= names.size()) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("{} of the {} cases of {} are for validation, so none is left to train on",
                            held_back, names.size(), dataset.string()));
  }
  const auto first_held_back = names.end() - static_cast<std::ptrdiff_t>(held_back);
  return {{names.begin(), first_held_back}, {first_held_back, names.end()}};
}

void run(const ReproduceArguments& arguments, Console& console) {
  ReproduceRequest request = arguments.request;
  if (!arguments.no_train) {
    trainer_program();
    const TrainingRecipe recipe = arguments.recipe.recipe();
    request.model = request.output / "model";
    request.train = [&, recipe](const std::filesystem::path& dataset, int validation_cases) {
      TrainingRequest training;
      training.dataset = dataset;
      training.run = request.model;
      training.split.split = last_held_back(dataset, validation_cases);
      TrainingOptions options;
      options.no_validation = true;  // reproduce() looks closer at the same cases
      start_training(training, recipe, options, console);
    };
  } else if (request.model.empty()) {
    request.model = default_model_folder();
  }
  const Reproduction reproduction = reproduce(request, engine_factory({}), &console);
  ReportRequest page;
  page.folder = request.output;
  page.most_mb = arguments.most_mb;
  const std::filesystem::path written = write_report_page(page, &console);
  if (console.json) {
    console.result(
        fmt::format(R"({{"format": "hepar.reproduction/1", "cohorts": {}}})", reproduction.cohorts.size()));
  }
  console.say(reproduction_text(reproduction));
  console.say(fmt::format("\nTables, figures and predictions are in {}; the page: {}",
                          request.output.string(), written.string()));
}

}  // namespace

Command make_reproduce_command() {
  auto arguments = std::make_shared<ReproduceArguments>();
  return {.name = "reproduce",
          .summary = "The paper's experiment from start to end, on phantoms or on two nnU-Net datasets.",
          .sources = {"Lin et al., Front. Oncol. 14:1423774, 2024, Tables 1 and 2, Figures 3, 4 and 5"},
          .bind = [arguments](CLI::App& app) { bind(app, *arguments); },
          .run = [arguments](Console& console) { run(*arguments, console); }};
}

}  // namespace hepar
