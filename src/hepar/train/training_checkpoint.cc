// SPDX-License-Identifier: Apache-2.0
#include "hepar/train/training_checkpoint.h"

#include <fmt/format.h>

#include <charconv>

#include "hepar/core/error.h"

namespace hepar {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kOptimiser = "optimiser.";
constexpr const char* kFormat = "hepar.checkpoint/1";

void append(std::vector<TensorToWrite>& tensors, const Weights& weights, std::string_view prefix) {
  for (const auto& [name, tensor] : weights) {
    tensors.push_back({std::string(prefix).append(name), ElementType::kFloat32, tensor.shape,
                       std::as_bytes(std::span(tensor.values))});
  }
}

// fmt's shortest decimal form comes back as the same double.
void set(CheckpointFacts& facts, const char* key, const std::optional<double>& value) {
  if (value) facts[key] = fmt::format("{}", *value);
}

// The numbers among a checkpoint's metadata.
class PositionReader {
 public:
  PositionReader(const std::map<std::string, std::string>& metadata, const fs::path& file)
      : metadata_(metadata), file_(file) {}

  template <class Number>
  std::optional<Number> find(const char* key) const {
    const auto found = metadata_.find(key);
    if (found == metadata_.end()) return {};
    const std::string& text = found->second;
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) fail(fmt::format("{} is '{}'", key, text));
    return number;
  }
  template <class Number>
  Number at(const char* key) const {
    const auto number = find<Number>(key);
    if (!number) fail(fmt::format("it has no {}", key));
    return *number;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw Error(
        ErrorCode::kCorrupt,
        fmt::format("{} is no checkpoint of a training: {}; start the training anew", file_.string(), what));
  }
  const std::map<std::string, std::string>& metadata_;
  const fs::path& file_;
};

}  // namespace

CheckpointFacts checkpoint_facts(const ModelPlan& plan, bool mirrored) {
  CheckpointFacts facts{{"configuration", plan.configuration}, {"trainer_name", "hepar"}};
  if (mirrored) facts["inference_allowed_mirroring_axes"] = plan.two_dimensional ? "[0, 1]" : "[0, 1, 2]";
  return facts;
}

void write_model_weights(const fs::path& file, const Weights& weights, const CheckpointFacts& facts) {
  std::vector<TensorToWrite> tensors;
  append(tensors, weights, "");
  write_safetensors(file, tensors, facts);
}

void write_training_checkpoint(const fs::path& file, const Weights& weights, const Weights& optimiser_state,
                               const TrainingPosition& position, CheckpointFacts facts) {
  facts["format"] = kFormat;
  facts["epoch"] = fmt::format("{}", position.epoch);
  facts["iteration"] = fmt::format("{}", position.iteration);
  facts["iterations_per_epoch"] = fmt::format("{}", position.iterations_per_epoch);
  set(facts, "loss_sum", position.loss_sum);
  set(facts, "pseudo_dice_average", position.pseudo_dice_average);
  set(facts, "best_average", position.best_average);
  std::vector<TensorToWrite> tensors;
  append(tensors, weights, "");
  append(tensors, optimiser_state, kOptimiser);
  write_safetensors(file, tensors, facts);
}

TrainingCheckpoint read_training_checkpoint(const fs::path& file) {
  const SafetensorsFile tensors(file);
  const PositionReader numbers(tensors.metadata(), file);
  TrainingCheckpoint checkpoint;
  TrainingPosition& position = checkpoint.position;
  position.epoch = numbers.at<std::int64_t>("epoch");
  position.iteration = numbers.at<std::int64_t>("iteration");
  position.iterations_per_epoch = numbers.at<std::int64_t>("iterations_per_epoch");
  position.loss_sum = numbers.at<double>("loss_sum");
  position.pseudo_dice_average = numbers.find<double>("pseudo_dice_average");
  position.best_average = numbers.find<double>("best_average");
  for (const auto& [name, entry] : tensors.entries()) {
    if (name.starts_with(kOptimiser)) {
      checkpoint.optimiser_state[name.substr(kOptimiser.size())] = as_float32(entry);
    } else {
      checkpoint.weights[name] = as_float32(entry);
    }
  }
  return checkpoint;
}

}  // namespace hepar
