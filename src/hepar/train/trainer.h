// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>

#include "hepar/nn_torch/torch_network.h"
#include "hepar/train/batch.h"
#include "hepar/train/communicator.h"
#include "hepar/train/loss.h"
#include "hepar/train/optimiser.h"
#include "hepar/train/patch_loader.h"
#include "hepar/train/train.h"
#include "hepar/train/training_checkpoint.h"

namespace hepar {

// One process of a training run: data, network, optimiser and where it stands. Files are written by process
// 0.
class Trainer {
 public:
  Trainer(const TrainOptions& options, PreprocessedDataset data, Communicator& processes);

  // Random weights, those of another model, or the run's own checkpoint where there is one.
  void start(TrainingObserver& observer);
  void resume(TrainingObserver& observer);

  bool finished() const { return position_.epoch >= recipe_.epochs; }
  // The rest of the epoch that the position stands in. What is to be kept of it must be written before
  // write_latest(), so that a run that is killed in between does the epoch once more.
  EpochReport run_epoch(TrainingObserver& observer);
  void write_latest();
  void write_final() const;

  const TrainingPosition& position() const { return position_; }
  const TorchNetwork& network() const { return network_; }
  const PreprocessedDataset& data() const { return data_; }

 private:
  using Clock = std::chrono::steady_clock;

  // The number, over all processes, of this process's sample `index`: of each batch it has the part that its
  // rank names.
  std::uint64_t sample_number(std::uint64_t index) const;
  Batch next_batch(PatchLoader& loader) const;
  DropoutDraw draw_dropout() const;
  double step(double rate, TrainingObserver& observer);
  void average_gradients();
  // What this process saw of a batch: whether its own loss is a number, and the norm of all gradients.
  struct Health {
    bool loss_is_finite = true, norm_is_finite = true;
  };
  // Throws in all processes when one wants to stop or has a loss that is no number.
  void agree_to_go_on(const Health& health, const Batch& batch, const TrainingObserver& observer);
  [[noreturn]] void fail_without_number(const Batch* kept_batch) const;
  void begin_together();
  void expect_finite_weights() const;
  void validate_epoch(EpochReport& report, const TrainingObserver& observer);
  void write_best(EpochReport& report);
  void make_loader();
  std::uint64_t finished_batches() const {
    return static_cast<std::uint64_t>(position_.epoch * recipe_.iterations + position_.iteration);
  }
  std::filesystem::path file(const char* name) const { return fold_folder_ / name; }

  const TrainOptions& options_;
  TrainingRecipe recipe_;
  PreprocessedDataset data_;
  Communicator& processes_;
  at::Device device_;
  std::filesystem::path fold_folder_;
  std::int64_t batch_size_;  // of this process
  int workers_;
  TorchNetwork network_;
  std::unique_ptr<Optimiser> optimiser_;
  SegmentationLoss loss_;
  CheckpointFacts facts_;
  TrainingPosition position_;
  std::unique_ptr<PatchLoader> loader_;
  Clock::time_point last_checkpoint_ = Clock::now();
};

}  // namespace hepar
