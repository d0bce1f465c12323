// SPDX-License-Identifier: Apache-2.0
#include "hepar/train/trainer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/core/parallel.h"
#include "hepar/train/draw_patch.h"
#include "hepar/train/initial_weights.h"
#include "hepar/train/pseudo_dice.h"

namespace hepar {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kDropoutStream = 1'000'003;  // apart from those that patches are drawn from
constexpr std::size_t kBatchesAhead = 3;

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

Precision precision_of(const TrainingRecipe& recipe, const at::Device& device) {
  const bool low = recipe.precision == "bfloat16" || (recipe.precision == "auto" && device.is_cuda());
  return low ? Precision::kBFloat16 : Precision::kFloat32;
}

bool wants_own_kernels(const TrainOptions& options) {
  if (options.kernels.empty()) return TorchNetwork::has_own_kernels();
  HEPAR_EXPECT(options.kernels == "hepar" || options.kernels == "libtorch", "no such kernels");
  return options.kernels == "hepar";
}

// On a CPU the network needs the cores more than the patches do.
int worker_count(const TrainOptions& options, const at::Device& device) {
  if (options.workers > 0) return options.workers;
  return device.is_cuda() ? std::clamp(thread_count() - 1, 1, 12) : std::max(1, thread_count() / 8);
}

std::int64_t share_of_batch(const ModelPlan& plan, const Communicator& processes) {
  if (plan.batch_size % processes.size() != 0) {
    throw Error(
        ErrorCode::kInvalidInput,
        fmt::format("{} processes can't share batches of {} evenly; give a --batch that is a multiple of {}",
                    processes.size(), plan.batch_size, processes.size()));
  }
  return plan.batch_size / processes.size();
}

LossSettings loss_settings(const TrainingRecipe& recipe, const ModelPlan& plan) {
  return {.paper = recipe.loss == "paper", .batch_dice = plan.batch_dice, .scales = recipe.scales};
}

// Of region n as declared; or of label n + 1, whatever the order of the declarations.
std::string class_name(const DatasetLabels& labels, std::size_t n) {
  if (labels.has_regions()) return labels.regions.at(n).first;
  const auto found = std::find_if(labels.regions.begin(), labels.regions.end(), [&](const auto& region) {
    return region.second.front() == static_cast<int>(n) + 1;
  });
  return found == labels.regions.end() ? fmt::format("label {}", n + 1) : found->first;
}

}  // namespace

Trainer::Trainer(const TrainOptions& options, PreprocessedDataset data, Communicator& processes)
    : options_(options),
      recipe_(options.record.recipe),
      data_(std::move(data)),
      processes_(processes),
      device_(options.device),
      fold_folder_(options.run / ("fold_" + options.fold)),
      batch_size_(share_of_batch(data_.plan, processes)),
      workers_(worker_count(options, device_)),
      network_(data_.plan.network, recipe_.seed),
      loss_(data_.labels, loss_settings(recipe_, data_.plan), processes),
      facts_(checkpoint_facts(data_.plan, recipe_.augmentation.mirror)) {
  network_.move_to(device_);
  network_.set_precision(precision_of(recipe_, device_));
  network_.use_own_kernels(wants_own_kernels(options));
  optimiser_ = make_optimiser(recipe_, network_.parameters());
}

void Trainer::start(TrainingObserver& observer) {
  if (!options_.record.initial_model.empty()) {
    InitialWeights initial =
        transfer_weights(options_.record.initial_model, network_.weights(), data_.labels);
    network_.set_weights(initial.weights);
    for (const std::string& note : initial.notes) observer.note(note);
  }
  begin_together();
}

void Trainer::resume(TrainingObserver& observer) {
  const fs::path latest = file("checkpoint_latest.safetensors");
  // A run that ended before its first checkpoint has its record alone, and begins anew.
  if (!fs::exists(latest)) return start(observer);
  const TrainingCheckpoint checkpoint = read_training_checkpoint(latest);
  position_ = checkpoint.position;
  if (position_.iterations_per_epoch != recipe_.iterations) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("{} has {} iterations in an epoch, and a resumed run keeps them; leave out "
                            "--iterations {}",
                            options_.run.string(), position_.iterations_per_epoch, recipe_.iterations));
  }
  if (position_.epoch > recipe_.epochs) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("{} has finished {} epochs; give --epochs {} or more", options_.run.string(),
                            position_.epoch, position_.epoch));
  }
  network_.set_weights(checkpoint.weights);
  optimiser_->restore(checkpoint.optimiser_state, static_cast<std::int64_t>(finished_batches()));
  begin_together();
}

// Processes on several machines may see other files, or draw weights with other last bits of a logarithm.
void Trainer::begin_together() {
  position_.iterations_per_epoch = recipe_.iterations;
  const auto own = static_cast<std::int64_t>(finished_batches());
  at::Tensor first = at::full({1}, own, at::kLong);
  processes_.broadcast(first);
  if (first.item<std::int64_t>() != own) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("process {} stands at iteration {} and process 0 at {}; give all processes the "
                            "same RUN",
                            processes_.rank(), own, first.item<std::int64_t>()));
  }
  for (const auto& [name, parameter] : network_.parameters()) {
    at::Tensor values = parameter.detach();  // shares the parameter's memory
    processes_.broadcast(values);
  }
  make_loader();
}

void Trainer::make_loader() {
  const auto per_batch = static_cast<std::uint64_t>(batch_size_);
  const auto draw = [this](std::uint64_t index) {
    return draw_training_patch(data_, recipe_, sample_number(index), data_.plan.batch_size);
  };
  loader_ = std::make_unique<PatchLoader>(draw, finished_batches() * per_batch,
                                          std::numeric_limits<std::uint64_t>::max(), workers_,
                                          kBatchesAhead * per_batch);
}

std::uint64_t Trainer::sample_number(std::uint64_t index) const {
  const auto own = static_cast<std::uint64_t>(batch_size_);
  const auto whole = static_cast<std::uint64_t>(data_.plan.batch_size);
  return index / own * whole + static_cast<std::uint64_t>(processes_.rank()) * own + index % own;
}

Batch Trainer::next_batch(PatchLoader& loader) const {
  std::vector<Patch> patches;
  for (std::int64_t n = 0; n < batch_size_; ++n) patches.push_back(loader.next());
  return stack(patches, device_);
}

DropoutDraw Trainer::draw_dropout() const {
  DropoutDraw draw;
  const Random random = Random(recipe_.seed).fork(kDropoutStream);
  const std::uint64_t first = finished_batches() * static_cast<std::uint64_t>(batch_size_);
  for (std::int64_t n = 0; n < batch_size_; ++n)
    draw.samples.push_back(random.fork(sample_number(first + static_cast<std::uint64_t>(n))));
  return draw;
}

void Trainer::average_gradients() {
  if (processes_.size() == 1) return;
  const at::NoGradGuard no_gradients;
  std::vector<at::Tensor> flat;
  for (const auto& [name, parameter] : network_.parameters()) {
    if (parameter.grad().defined()) flat.push_back(parameter.grad().flatten());
  }
  at::Tensor all = at::cat(flat);
  processes_.sum(all);
  all.div_(processes_.size());
  std::int64_t begin = 0;
  for (const auto& [name, parameter] : network_.parameters()) {
    if (!parameter.grad().defined()) continue;
    const std::int64_t count = parameter.numel();
    parameter.grad().copy_(all.narrow(0, begin, count).view(parameter.sizes()));
    begin += count;
  }
}

void Trainer::fail_without_number(const Batch* kept_batch) const {
  std::string kept;
  if (kept_batch != nullptr) {
    write_failed_batch(file("failed_batch.safetensors"), *kept_batch);
    kept = fmt::format(" the batch is in {};", file("failed_batch.safetensors").string());
  }
  throw Error(ErrorCode::kInvalidInput,
              fmt::format("the loss is no number in iteration {} of epoch {};{} go on from the last "
                          "checkpoint by --resume {} --fold {} with a lower --learning-rate than {}",
                          position_.iteration + 1, position_.epoch + 1, kept, options_.run.string(),
                          options_.fold, recipe_.learning_rate));
}

void Trainer::agree_to_go_on(const Health& health, const Batch& batch, const TrainingObserver& observer) {
  // Of each process a vote that its loss is no number, and one of all that want to stop. The norm is
  // everyone's.
  at::Tensor votes = at::zeros({processes_.size() + 1}, at::kDouble);
  votes[processes_.rank()] = health.loss_is_finite ? 0.0 : 1.0;
  votes[processes_.size()] = observer.cancelled() ? 1.0 : 0.0;
  processes_.sum(votes);
  const double* vote = votes.data_ptr<double>();
  const double* stop = vote + processes_.size();
  const double* broken = std::find_if(vote, stop, [](double count) { return count > 0; });
  if (broken != stop) fail_without_number(broken - vote == processes_.rank() ? &batch : nullptr);
  if (!health.norm_is_finite) fail_without_number(processes_.rank() == 0 ? &batch : nullptr);
  if (*stop > 0) {
    write_latest();
    throw Error(ErrorCode::kCancelled,
                fmt::format("the training was stopped after {} iterations of epoch {}; --resume {} --fold {} "
                            "goes on from there",
                            position_.iteration, position_.epoch + 1, options_.run.string(), options_.fold));
  }
}

// A checkpoint of other weights could not be resumed.
void Trainer::expect_finite_weights() const {
  for (const auto& [name, parameter] : network_.parameters()) {
    if (!parameter.isfinite().all().item<bool>()) fail_without_number(nullptr);
  }
}

double Trainer::step(double rate, TrainingObserver& observer) {
  const Batch batch = next_batch(*loader_);
  const DropoutDraw dropout = draw_dropout();
  const at::Tensor loss = loss_(network_.forward(batch.image, &dropout), batch.labels);
  loss.backward();
  average_gradients();
  at::Tensor value = loss.detach().to(at::kDouble).cpu();
  const double norm = clip_gradients(network_.parameters(), recipe_.gradient_clip);
  agree_to_go_on({std::isfinite(value.item<double>()), std::isfinite(norm)}, batch, observer);
  processes_.sum(value);
  optimiser_->step(rate);
  return value.item<double>() / processes_.size();
}

EpochReport Trainer::run_epoch(TrainingObserver& observer) {
  const auto start = Clock::now();
  const double waited_before = loader_->waited_s();
  const double rate = learning_rate(recipe_, position_.epoch);
  EpochReport report{.epoch = position_.epoch + 1, .epochs = recipe_.epochs, .learning_rate = rate};
  while (position_.iteration < recipe_.iterations) {
    const auto begin = Clock::now();
    const double loss = step(rate, observer);
    position_.loss_sum += loss;
    ++position_.iteration;
    observer.iteration_done({report.epoch, position_.iteration, loss, seconds_since(begin)});
    const bool at_end = position_.iteration == recipe_.iterations;
    if (!at_end && seconds_since(last_checkpoint_) > static_cast<double>(options_.checkpoint_every_s))
      write_latest();
  }
  report.waiting_share = (loader_->waited_s() - waited_before) / std::max(seconds_since(start), 1e-9);
  report.loss = position_.loss_sum / static_cast<double>(recipe_.iterations);
  expect_finite_weights();
  validate_epoch(report, observer);
  position_.epoch += 1;
  position_.iteration = 0;
  position_.loss_sum = 0;
  write_best(report);
  report.seconds = seconds_since(start);
  return report;
}

// nnU-Net's online validation: patches of the validation cases, threshold 0.5 or the largest logit.
void Trainer::validate_epoch(EpochReport& report, const TrainingObserver& observer) {
  if (data_.validation.empty() || recipe_.validation_iterations == 0) return;
  const at::NoGradGuard no_gradients;
  const auto own = static_cast<std::uint64_t>(batch_size_);
  const auto count = static_cast<std::uint64_t>(recipe_.validation_iterations) * own;
  const auto first = static_cast<std::uint64_t>(position_.epoch) * count;
  const auto draw = [this](std::uint64_t index) {
    return draw_validation_patch(data_, recipe_, sample_number(index), data_.plan.batch_size);
  };
  PatchLoader loader(draw, first, first + count, workers_, kBatchesAhead * own);
  PseudoDice dice(data_.labels);
  at::Tensor sum = at::zeros({1}, at::kDouble);
  for (std::int64_t n = 0; n < recipe_.validation_iterations; ++n) {
    const Batch batch = next_batch(loader);
    const std::vector<at::Tensor> logits = network_.forward(batch.image);
    sum += loss_(logits, batch.labels).to(at::kDouble).cpu();
    dice.add(logits.front(), batch.labels);
    agree_to_go_on({}, batch, observer);
  }
  processes_.sum(sum);
  report.validation_loss =
      sum.item<double>() / static_cast<double>(recipe_.validation_iterations * processes_.size());
  const PseudoDiceScore score = dice.score(processes_);
  report.pseudo_dice = score.mean;
  for (std::size_t n = 0; n < score.dice.size(); ++n)
    report.class_dice.emplace_back(class_name(data_.labels, n), score.dice[n]);
  position_.pseudo_dice_average = smoothed_dice(position_.pseudo_dice_average, score.mean);
  report.pseudo_dice_average = position_.pseudo_dice_average;
}

void Trainer::write_best(EpochReport& report) {
  if (!report.pseudo_dice) return;
  if (position_.best_average && *position_.pseudo_dice_average <= *position_.best_average) return;
  position_.best_average = position_.pseudo_dice_average;
  report.best = true;
  if (processes_.rank() == 0) {
    write_model_weights(file("checkpoint_best.safetensors"), network_.weights(), facts_);
  }
}

void Trainer::write_latest() {
  expect_finite_weights();
  last_checkpoint_ = Clock::now();
  if (processes_.rank() != 0) return;
  Weights state;
  optimiser_->append_state(state);
  write_training_checkpoint(file("checkpoint_latest.safetensors"), network_.weights(), state, position_,
                            facts_);
}

void Trainer::write_final() const {
  if (processes_.rank() == 0)
    write_model_weights(file("checkpoint_final.safetensors"), network_.weights(), facts_);
}

}  // namespace hepar
