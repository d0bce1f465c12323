// SPDX-License-Identifier: Apache-2.0
#include "hepar/train/train.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/core/parallel.h"
#include "hepar/nn/plan_changes.h"
#include "hepar/train/metrics_log.h"
#include "hepar/train/run_lock.h"
#include "hepar/train/trainer.h"
#include "hepar/train/validation.h"

namespace hepar {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kResumePatience{20};  // for a trainer that was just told to stop

void check_device(const std::string& device) {
  const bool is_cuda = device == "cuda" || device.starts_with("cuda:");
  if (device != "cpu" && !is_cuda) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("there is no device '{}'; give cpu, cuda or cuda:0", device));
  }
  if (is_cuda && !at::hasCUDA()) {
    throw Error(
        ErrorCode::kUnsupported,
        fmt::format("there is no GPU for --device {}: this LibTorch has no CUDA, or finds no NVIDIA GPU; "
                    "train with --device cpu or build hepar-train on a machine with both",
                    device));
  }
}

PlanChanges changes_of(const TrainingRecipe& recipe) {
  PlanChanges changes{.patch_size = {}, .batch_size = {}, .dropout = recipe.dropout};
  if (recipe.patch != Kernel3{}) changes.patch_size = recipe.patch;
  if (recipe.batch > 0) changes.batch_size = recipe.batch;
  return changes;
}

PreprocessedDataset open_data(const TrainingRecord& record) {
  PreprocessedDataset data = open_preprocessed(record.preprocessed, record.configuration, record.split);
  data.plan = changed_plan(data.plan, changes_of(record.recipe));
  return data;
}

// What makes `run` a model folder, and the fold's record.
void write_run_files(const TrainOptions& options, const fs::path& fold_folder) {
  if (!options.resume && fs::exists(fold_folder / "checkpoint_latest.safetensors")) {
    throw Error(
        ErrorCode::kInvalidInput,
        fmt::format("{} already holds a training; go on with it by --resume {}, or name another folder",
                    fold_folder.string(), options.run.string()));
  }
  const TrainingRecord& record = options.record;
  const fs::path plans = options.run / "plans.json";
  const std::string before = fs::exists(plans) ? read_text_file(plans) : "";
  write_changed_plan(record.preprocessed / "plans.json", plans, record.configuration,
                     changes_of(record.recipe));
  if (!options.resume && !before.empty() && read_text_file(plans) != before) {
    write_text_file(plans, before);
    throw Error(
        ErrorCode::kInvalidInput,
        fmt::format("{} is of another plan than this fold; train all folds of a model with one recipe, or "
                    "name another folder",
                    plans.string()));
  }
  write_text_file(options.run / "dataset.json", read_text_file(record.preprocessed / "dataset.json"));
  write_training_record(fold_folder, record);
}

void note_what_is_odd(const PreprocessedDataset& data, TrainingObserver& observer) {
  if (data.validation.empty())
    observer.note("There is no case to validate on: no pseudo-Dice, no checkpoint_best.");
  if (data.training.size() == 1 && data.validation.size() == 1 &&
      data.training.front().name() == data.validation.front().name()) {
    observer.note(
        fmt::format("The only case, {}, is trained and validated on: its Dice says nothing of others.",
                    data.training.front().name()));
  }
}

void run_epochs(Trainer& trainer, const fs::path& fold_folder, bool writes, TrainingObserver& observer) {
  std::optional<MetricsLog> metrics;
  if (writes) metrics.emplace(fold_folder, trainer.position().epoch);
  while (!trainer.finished()) {
    const EpochReport report = trainer.run_epoch(observer);
    if (metrics) metrics->append(report);
    trainer.write_latest();
    observer.epoch_done(report);
  }
}

void train_in_group(const TrainOptions& options, Communicator& processes, TrainingObserver& observer) {
  const bool writes = processes.rank() == 0;
  const fs::path fold_folder = options.run / ("fold_" + options.fold);
  PreprocessedDataset data = open_data(options.record);
  std::optional<RunLock> lock;
  if (writes) {
    make_folder(fold_folder);
    lock.emplace(fold_folder, options.resume ? kResumePatience : std::chrono::seconds(0));
    write_run_files(options, fold_folder);
    note_what_is_odd(data, observer);
  }
  Trainer trainer(options, std::move(data), processes);
  options.resume ? trainer.resume() : trainer.start(observer);
  run_epochs(trainer, fold_folder, writes, observer);
  trainer.write_final();
  if (!writes || trainer.data().validation.empty()) return;
  observer.validated(validate(trainer, fold_folder / "validation_preprocessed"));
}

}  // namespace

void train(const TrainOptions& options, TrainingObserver& observer) {
  check_device(options.device);
  at::set_num_threads(thread_count());
  const auto processes = join(options.processes);
  try {
    train_in_group(options, *processes, observer);
  } catch (const c10::Error& error) {
    if (std::string(error.what()).find("out of memory") == std::string::npos) throw;
    throw Error(
        ErrorCode::kExhausted,
        fmt::format("the memory of {} is used up; go on by --resume {} with a smaller --batch or --patch",
                    options.device, options.run.string()));
  }
}

}  // namespace hepar
