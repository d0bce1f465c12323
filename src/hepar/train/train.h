// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace hepar {

struct TrainOptions {
  std::int64_t iterations = 3000;
  std::int64_t batch_size = 0;  // patches per iteration; 0: as planned
  double learning_rate = 1e-3;  // at the start; falls to 0 as (1 - t/T)^0.9 (nnU-Net lr_scheduler/polylr.py)
  std::uint64_t seed = 1;
  // Convolutions in bfloat16: faster by half or more with AVX512_BF16 or AMX, much slower elsewhere.
  bool bfloat16 = false;
  std::int64_t checkpoint_every = 250;       // iterations between checkpoints and validations
  std::filesystem::path initial_model = {};  // Hepar model folder to start from; empty: random weights
  bool resume = false;                       // go on from the run's checkpoint_latest
};

struct TrainingStep {
  std::int64_t iteration = 0;  // finished ones
  double loss = 0, learning_rate = 0, seconds = 0;
};

struct ValidationScore {
  std::string region;
  double dsc = 0;          // mean over the validation cases that have the region in truth or prediction
  std::int64_t cases = 0;  // how many those are
};

// What a run tells while it goes on; called on the training thread.
class TrainingObserver {
 public:
  virtual ~TrainingObserver() = default;
  virtual void step_done(const TrainingStep& step) = 0;
  virtual void validated(std::int64_t iteration, const std::vector<ValidationScore>& scores) = 0;
  virtual bool cancelled() const { return false; }
};

// Trains the network that PREPROCESSED/plans.json describes (training_case.h) with the paper's loss
// (loss.h) and Adam (Kingma & Ba, ICLR 2015, algorithm 1; beta 0.9 and 0.999, eps 1e-8) and makes `run` a
// Hepar model folder. Every third patch of the sequence is centred on the last region (the tumour), every
// third on the first. The same seed, data and thread count give the same weights, resumed or not.
// Writes run/plans.json, dataset.json, fold_0/checkpoint_latest.safetensors (weights and optimiser, whole
// or not at all, every `checkpoint_every` and when cancelled), fold_0/checkpoint_final.safetensors (float16).
// Throws Error: kMissing, kInvalidInput, kCorrupt for the inputs; kCancelled when the observer says so.
void train(const std::filesystem::path& preprocessed, const std::filesystem::path& run,
           const TrainOptions& options, TrainingObserver& observer);

}  // namespace hepar
