// SPDX-License-Identifier: Apache-2.0
#include "hepar/train/train.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <chrono>
#include <cmath>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/core/parallel.h"
#include "hepar/train/adam.h"
#include "hepar/train/loss.h"
#include "hepar/train/patch.h"
#include "hepar/nn_torch/torch_network.h"
#include "hepar/train/training_case.h"
#include "hepar/train/validation.h"

namespace hepar {
namespace {

namespace fs = std::filesystem;

constexpr const char* kIterationTensor = "training.iteration";

void check_options(const TrainOptions& options) {
  if (options.iterations < 1 || options.checkpoint_every < 1 || options.batch_size < 0 ||
      !(options.learning_rate > 0)) {
    throw Error(
        ErrorCode::kInvalidInput,
        fmt::format(
            "Training needs at least 1 iteration, 1 iteration between checkpoints and a learning rate "
            "above 0; asked for were {}, {} and {}.",
            options.iterations, options.checkpoint_every, options.learning_rate));
  }
}

struct Batch {
  at::Tensor image, target;
};

// One training run: what train() keeps between iterations.
class Run {
 public:
  Run(const fs::path& preprocessed, fs::path folder, const TrainOptions& options)
      : options_(options),
        folder_(std::move(folder)),
        data_(open_preprocessed(preprocessed)),
        network_(data_.plan.network, options.seed),
        adam_(network_.parameters()),
        batch_size_(options.batch_size > 0 ? options.batch_size : data_.plan.batch_size) {
    network_.set_precision(options.bfloat16 ? Precision::kBFloat16 : Precision::kFloat32);
    make_folder(folder_ / "fold_0");
    for (const char* name : {"plans.json", "dataset.json"}) {
      write_text_file(folder_ / name, read_text_file(preprocessed / name));
    }
  }

  // Sets the starting point and returns the number of iterations already done.
  std::int64_t start() {
    if (options_.resume) return restore();
    if (!options_.initial_model.empty()) {
      network_.set_weights(read_weights(options_.initial_model / "fold_0" / "checkpoint_final.safetensors"));
    }
    return 0;
  }

  TrainingStep step(std::int64_t iteration) {
    const auto begin = std::chrono::steady_clock::now();
    const double done = static_cast<double>(iteration) / static_cast<double>(options_.iterations);
    TrainingStep step;
    step.iteration = iteration + 1;
    step.learning_rate = options_.learning_rate * std::pow(1 - done, 0.9);
    const Batch batch = draw_batch(iteration);
    const at::Tensor loss = deep_supervision_loss(network_.forward(batch.image), batch.target);
    loss.backward();
    adam_.step(step.learning_rate);
    step.loss = loss.item<double>();
    if (!std::isfinite(step.loss)) {
      throw Error(
          ErrorCode::kInvalidInput,
          fmt::format("The loss is no number after {} iterations; train with a lower learning rate than {}.",
                      step.iteration, options_.learning_rate));
    }
    step.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    return step;
  }

  std::vector<ValidationScore> score() const { return validate(network_, data_); }

  void write_checkpoint(std::int64_t iteration) const {
    Weights checkpoint = network_.weights();
    adam_.append_state(checkpoint);
    checkpoint[kIterationTensor] = {{1}, {static_cast<float>(iteration)}};
    write_weights(latest(), checkpoint);
  }

  void write_final() const {
    write_weights(folder_ / "fold_0" / "checkpoint_final.safetensors", network_.weights(),
                  ElementType::kFloat16);
  }

 private:
  fs::path latest() const { return folder_ / "fold_0" / "checkpoint_latest.safetensors"; }

  std::int64_t restore() {
    const Weights checkpoint = read_weights(latest());
    const auto iteration = checkpoint.find(kIterationTensor);
    if (iteration == checkpoint.end() || iteration->second.values.size() != 1) {
      throw Error(ErrorCode::kCorrupt,
                  fmt::format("{} is no checkpoint of a training run.", latest().string()));
    }
    network_.set_weights(checkpoint);
    const auto done = static_cast<std::int64_t>(iteration->second.values[0]);
    adam_.restore(checkpoint, done);
    return done;
  }

  // Patches are numbered through the run; each depends on the seed and its number alone.
  Batch draw_batch(std::int64_t iteration) const {
    const Kernel3& size = data_.plan.patch_size;
    const auto regions = static_cast<std::int64_t>(data_.labels.regions.size());
    Batch batch{at::empty({batch_size_, 1, size[0], size[1], size[2]}),
                at::empty({batch_size_, regions, size[0], size[1], size[2]})};
    float* image = batch.image.data_ptr<float>();
    float* target = batch.target.data_ptr<float>();
    const std::int64_t voxels = size[0] * size[1] * size[2];
    parallel_for(batch_size_, [&](std::int64_t n) {
      const Patch patch = draw(iteration * batch_size_ + n);
      std::copy(patch.image.begin(), patch.image.end(), image + n * voxels);
      for (std::int64_t r = 0; r < regions; ++r) {
        const auto truth =
            region_target(patch.labels, data_.labels.regions[static_cast<std::size_t>(r)].second);
        std::copy(truth.begin(), truth.end(), target + (n * regions + r) * voxels);
      }
    });
    return batch;
  }

  Patch draw(std::int64_t number) const {
    Random random = Random(options_.seed).fork(static_cast<std::uint64_t>(number) + 1);
    const auto last_case = static_cast<std::int64_t>(data_.training.size()) - 1;
    const TrainingCase& source = data_.training[static_cast<std::size_t>(random.integer(0, last_case))];
    std::optional<std::size_t> region;
    if (number % 3 == 0) region = data_.labels.regions.size() - 1;
    if (number % 3 == 1) region = 0;
    Augmentation augmentation;
    augmentation.lesion_labels = data_.labels.regions.back().second;
    return draw_patch(source, data_.plan, region, augmentation, random.fork(0));
  }

  TrainOptions options_;
  fs::path folder_;
  PreprocessedDataset data_;
  TorchNetwork network_;
  Adam adam_;
  std::int64_t batch_size_;
};

}  // namespace

void train(const fs::path& preprocessed, const fs::path& run_folder, const TrainOptions& options,
           TrainingObserver& observer) {
  check_options(options);
  at::set_num_threads(thread_count());
  Run run(preprocessed, run_folder, options);
  for (std::int64_t iteration = run.start(); iteration < options.iterations; ++iteration) {
    if (observer.cancelled()) {
      run.write_checkpoint(iteration);
      throw Error(ErrorCode::kCancelled,
                  fmt::format("The training was stopped after {} iterations; --resume goes on from there.",
                              iteration));
    }
    const TrainingStep step = run.step(iteration);
    observer.step_done(step);
    if (step.iteration % options.checkpoint_every == 0 || step.iteration == options.iterations) {
      run.write_checkpoint(step.iteration);
      observer.validated(step.iteration, run.score());
    }
  }
  run.write_final();
}

}  // namespace hepar
