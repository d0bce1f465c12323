// SPDX-License-Identifier: Apache-2.0
#include "training.h"

#include <fmt/format.h>

#include "engine_choice.h"
#include "hepar/core/error.h"
#include "hepar/nn/validation_summary.h"
#include "recipe_options.h"
#include "trainer.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;

void show_notes(const ReadyTraining& ready, Console& console) {
  console.end_progress();
  for (const std::string& note : ready.notes) console.note(note);
}

TrainerCall call_of(const fs::path& run, std::uint32_t fold, const TrainingOptions& options,
                    const Console& console) {
  TrainerCall call;
  call.run = run;
  call.fold = fold;
  call.device = options.device;
  call.kernels = options.kernels;
  call.workers = options.workers;
  call.processes = options.processes;
  call.quiet = console.quiet || console.json;
  return call;
}

Validation validate(const ReadyTraining& ready, const TrainerCall& call, Console& console) {
  const Model model = load_model(call.run, engine_factory({.device = call.device}),
                                 {.folds = {std::to_string(call.fold)}, .checkpoint = {}});
  const fs::path folder = call.run / fmt::format("fold_{}", call.fold) / "validation";
  Validation validation = validate_model(model, open_training_set(ready.run.dataset), ready.split.validation,
                                         folder, PredictOptions{}, &console);
  write_validation_summary(folder / "summary.json", validation);
  console.end_progress();
  return validation;
}

Validation finish(const ReadyTraining& ready, const TrainerCall& call, bool no_validation, Console& console) {
  run_trainer(call, console);
  if (no_validation || ready.split.validation.empty()) return {};
  return validate(ready, call, console);
}

}  // namespace

Validation start_training(TrainingRequest request, const TrainingRecipe& recipe,
                          const TrainingOptions& options, Console& console) {
  // What is missing is said before an hour of preparation.
  trainer_program();
  check_kernels(options.kernels, options.device, recipe);
  if (!options.initial_model.empty()) read_model_folder(options.initial_model);
  if (recipe.batch % options.processes != 0) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("{} processes can't share batches of {} evenly; give a --batch that is a "
                            "multiple of {}",
                            options.processes, recipe.batch, options.processes));
  }
  request.planner = recipe.planner;
  const ReadyTraining ready = prepare_training(request, &console);
  show_notes(ready, console);
  TrainerCall call = call_of(request.run, request.fold, options, console);
  call.preprocessed = ready.run.preprocessed;
  call.configuration = request.configuration;
  call.initial_model = options.initial_model;
  call.recipe = arguments_of(recipe);
  return finish(ready, call, options.no_validation, console);
}

Validation resume_training(const fs::path& run, std::uint32_t fold, const TrainingOptions& options,
                           const std::vector<std::string>& changes, Console& console) {
  trainer_program();
  const ReadyTraining ready = reopen_training(run, fold, &console);
  show_notes(ready, console);
  TrainerCall call = call_of(run, fold, options, console);
  call.resume = true;
  call.recipe = changes;
  return finish(ready, call, options.no_validation, console);
}

}  // namespace hepar
