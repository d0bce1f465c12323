// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "hepar/nn/validation_summary.h"
#include "hepar/train/process_group.h"
#include "hepar/train/training_record.h"

namespace hepar {

struct TrainOptions {
  std::filesystem::path run;   // model folder to write
  std::string fold = "0";      // a number, or "all"
  TrainingRecord record;       // what to train on, and how
  bool resume = false;         // go on from RUN/fold_K/checkpoint_latest
  std::string device = "cpu";  // "cpu", "cuda", "cuda:1"
  // "hepar": in channel blocks by cpu_kernels, on a CPU in float32; "libtorch"; empty: hepar's where they are
  // built in and can (check_kernels).
  std::string kernels = {};
  int workers = 0;  // threads that draw patches; 0: by the device and the processors
  ProcessGroup processes;
  std::int64_t checkpoint_every_s = 600;  // within an epoch; after each epoch there is one anyway
};

struct IterationReport {
  std::int64_t epoch = 0, iteration = 0;  // finished ones of the epoch
  double loss = 0, seconds = 0;
};

// As a line of RUN/fold_K/metrics.jsonl; epochs count from 1.
struct EpochReport {
  std::int64_t epoch = 0, epochs = 0;
  double loss = 0, learning_rate = 0, seconds = 0;
  double waiting_share = 0;  // of the training time, for patches
  std::optional<double> validation_loss = {};
  // Of the validation patches: mean over the classes or regions that they hold, its moving average, and each.
  std::optional<double> pseudo_dice = {}, pseudo_dice_average = {};
  std::vector<std::pair<std::string, std::optional<double>>> class_dice = {};
  bool best = false;  // the average never was as high: the weights are checkpoint_best
};

// What a run tells while it goes on; called on the training thread of process 0.
class TrainingObserver {
 public:
  virtual ~TrainingObserver() = default;
  virtual void note(const std::string& sentence) = 0;
  virtual void iteration_done(const IterationReport& report) = 0;
  virtual void epoch_done(const EpochReport& report) = 0;
  virtual void validated(const Validation& validation) = 0;
  // Asked after each iteration, in every process; true stops all of them.
  virtual bool cancelled() const { return false; }
};

// clang-format off
// Trains the network of record.preprocessed (training_case.h) by record.recipe and makes `run` a model folder:
//   plans.json, dataset.json
//   fold_K/training.json                   what the training was told (training_record.h)
//   fold_K/checkpoint_latest.safetensors   weights, optimiser and position, after every epoch and when stopped
//   fold_K/checkpoint_best.safetensors     weights where the moving average of the pseudo-Dice was highest
//   fold_K/checkpoint_final.safetensors    weights after the last epoch; no time, no path
//   fold_K/metrics.jsonl, progress.svg     a line an epoch, and the curves
//   fold_K/validation_preprocessed/summary.json    Dice of the validation cases on the preprocessed grid
// The same seed, data, batch and thread count give the same weights, resumed or not, on a CPU. Several processes
// share each batch and follow one process to rounding.
// Throws Error: kMissing, kInvalidInput, kCorrupt for the inputs; kInvalidInput when the loss is no number, with
// the batch kept in fold_K/failed_batch.safetensors; kExhausted for a full disk or memory, or a lost process;
// kCancelled when the observer says so. After each of the last four the run can be resumed.
// clang-format on
void train(const TrainOptions& options, TrainingObserver& observer);

}  // namespace hepar
