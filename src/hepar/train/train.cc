// SPDX-License-Identifier: Apache-2.0
#include "hepar/train/train.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/core/parallel.h"
#include "hepar/nn/plan_changes.h"
#include "hepar/nn_torch/torch_network_engine.h"
#include "hepar/train/metrics_log.h"
#include "hepar/train/run_lock.h"
#include "hepar/train/trainer.h"
#include "hepar/train/validation.h"

namespace hepar {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kResumePatience{20};  // for a trainer that was just told to stop

// "cuda" is the GPU of the process's own number on its machine.
std::string chosen_device(const TrainOptions& options) {
  const std::string& device = options.device;
  if (device == "cpu") return device;
  const std::string number = device.starts_with("cuda:") ? device.substr(5) : "0";
  const bool is_number =
      !number.empty() && number.size() < 4 &&
      std::all_of(number.begin(), number.end(), [](char c) { return c >= '0' && c <= '9'; });
  if ((device != "cuda" && !device.starts_with("cuda:")) || !is_number) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("there is no device '{}'; give cpu, cuda or cuda:0", device));
  }
  const int gpus = at::hasCUDA() ? static_cast<int>(at::getNumGPUs()) : 0;
  if (gpus == 0) {
    throw Error(
        ErrorCode::kUnsupported,
        fmt::format("there is no GPU for --device {}: this LibTorch has no CUDA, or finds no NVIDIA GPU; "
                    "train with --device cpu or build hepar-train on a machine with both",
                    device));
  }
  const int chosen = device == "cuda" ? options.processes.local_rank % gpus : std::stoi(number);
  if (chosen >= gpus) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("there is no GPU number {}; this machine has {}, counted from 0", chosen, gpus));
  }
  return fmt::format("cuda:{}", chosen);
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

bool holds_checkpoint(const fs::path& fold_folder) {
  return fs::exists(fold_folder / "checkpoint_latest.safetensors");
}

bool other_fold_has_checkpoint(const fs::path& run, const fs::path& fold_folder) {
  for (const auto& entry : fs::directory_iterator(run)) {
    if (entry.path().filename() != fold_folder.filename() && holds_checkpoint(entry.path())) return true;
  }
  return false;
}

// All folds of a model have one plan.
void write_run_plan(const TrainOptions& options, const fs::path& fold_folder) {
  const TrainingRecord& record = options.record;
  const fs::path plans = options.run / "plans.json";
  const std::string before = fs::exists(plans) ? read_text_file(plans) : "";
  write_changed_plan(record.preprocessed / "plans.json", plans, record.configuration,
                     changes_of(record.recipe));
  if (before.empty() || read_text_file(plans) == before) return;
  if (!other_fold_has_checkpoint(options.run, fold_folder)) return;
  write_text_file(plans, before);
  throw Error(ErrorCode::kInvalidInput,
              fmt::format("{} is of another plan than this fold; train all folds of a model with one recipe, "
                          "or name another folder",
                          plans.string()));
}

// What makes `run` a model folder, and the fold's record.
void write_run_files(const TrainOptions& options, const fs::path& fold_folder) {
  if (!options.resume && holds_checkpoint(fold_folder)) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("{} already holds a training; go on with it by --resume {} --fold {}, or name "
                            "another folder",
                            fold_folder.string(), options.run.string(), options.fold));
  }
  write_run_plan(options, fold_folder);
  write_text_file(options.run / "dataset.json", read_text_file(options.record.preprocessed / "dataset.json"));
  write_training_record(fold_folder, options.record);
}

// What a process that was killed while it wrote a file left behind (core/file.h).
void remove_unfinished_files(const fs::path& fold_folder) {
  for (const auto& entry : fs::directory_iterator(fold_folder)) {
    if (entry.path().filename().string().starts_with(".part-")) fs::remove(entry.path());
  }
}

void note_what_is_odd(const PreprocessedDataset& data, TrainingObserver& observer) {
  if (data.validation.empty())
    observer.note("There is no case to validate on: no pseudo-Dice, no checkpoint_best.");
  std::set<std::string> trained;
  for (const TrainingCase& one : data.training) trained.insert(one.name());
  const auto known = std::count_if(data.validation.begin(), data.validation.end(),
                                   [&](const TrainingCase& one) { return trained.contains(one.name()); });
  if (known > 0) {
    observer.note(fmt::format("{} of {} validation cases are trained on: their Dice says nothing of others.",
                              known, data.validation.size()));
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
    remove_unfinished_files(fold_folder);
    write_run_files(options, fold_folder);
    note_what_is_odd(data, observer);
  }
  at::Tensor ready = at::zeros({1});
  processes.sum(ready);  // nobody reads the run's files before process 0 holds its lock
  Trainer trainer(options, std::move(data), processes);
  options.resume ? trainer.resume(observer) : trainer.start(observer);
  run_epochs(trainer, fold_folder, writes, observer);
  trainer.write_final();
  if (!writes || trainer.data().validation.empty()) return;
  observer.validated(validate(trainer, fold_folder / "validation_preprocessed", observer));
}

}  // namespace

void train(const TrainOptions& options, TrainingObserver& observer) {
  check_kernels(options.kernels, options.device, options.record.recipe);
  TrainOptions own = options;
  own.device = chosen_device(options);
  at::set_num_threads(thread_count());
  if (own.device != "cpu") at::globalContext().setBenchmarkCuDNN(true);  // all patches have one size
  const auto processes = join(options.processes);
  try {
    train_in_group(own, *processes, observer);
  } catch (const c10::Error& error) {
    if (!is_out_of_memory(error)) throw;
    throw Error(ErrorCode::kExhausted,
                fmt::format("the memory of {} is used up; go on by --resume {} --fold {} with a smaller "
                            "--batch or --patch",
                            own.device, options.run.string(), options.fold));
  }
}

}  // namespace hepar
