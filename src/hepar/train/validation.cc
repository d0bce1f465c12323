// SPDX-License-Identifier: Apache-2.0
#include "hepar/train/validation.h"

#include <algorithm>

#include "hepar/core/file.h"
#include "hepar/nn/validation_summary.h"
#include "hepar/nn_torch/torch_network_engine.h"
#include "hepar/windows/predict_logits.h"

namespace hepar {
namespace {

// The label of a voxel whose logits lie `stride` apart: nnU-Net's label_handling.py.
std::int16_t label_at(const float* logits, std::size_t stride, const DatasetLabels& labels) {
  if (labels.has_regions()) {
    std::int16_t label = 0;
    for (std::size_t n = 0; n < labels.regions_class_order.size(); ++n) {
      if (logits[n * stride] > 0) label = static_cast<std::int16_t>(labels.regions_class_order[n]);
    }
    return label;
  }
  std::size_t largest = 0;
  for (std::size_t n = 1; n < static_cast<std::size_t>(labels.heads()); ++n) {
    if (logits[n * stride] > logits[largest * stride]) largest = n;
  }
  return static_cast<std::int16_t>(largest);
}

// Stops a prediction, and reports nothing.
class Cancellation final : public Progress {
 public:
  explicit Cancellation(const TrainingObserver& observer) : observer_(observer) {}
  void update(std::string_view, double) override {}
  bool cancelled() const override { return observer_.cancelled(); }

 private:
  const TrainingObserver& observer_;
};

std::vector<std::int16_t> predict(const TrainingCase& source, const FoldEngines& engine,
                                  const Trainer& trainer, Progress& progress) {
  const Kernel3& size = source.size();
  Tensor image({1, source.channels(), size[0], size[1], size[2]});
  std::copy(source.image().begin(), source.image().end(), image.values.begin());
  std::vector<std::int16_t> labels(source.labels().size());
  const auto plane = static_cast<std::size_t>(size[1] * size[2]);
  const WindowOptions windows{.patch = trainer.data().plan.patch_size};
  predict_planes(
      image, engine, windows,
      [&](std::int64_t d, std::span<const float> logits) {
        for (std::size_t n = 0; n < plane; ++n)
          labels[static_cast<std::size_t>(d) * plane + n] =
              label_at(&logits[n], plane, trainer.data().labels);
      },
      &progress);
  return labels;
}

}  // namespace

Validation validate(const Trainer& trainer, const std::filesystem::path& folder,
                    const TrainingObserver& observer) {
  Cancellation cancellation(observer);
  std::vector<std::unique_ptr<Engine>> engines;
  engines.push_back(engine_of(trainer.network()));
  const FoldEngines engine(std::move(engines));
  const DatasetLabels& labels = trainer.data().labels;
  Validation validation{labels.regions, {}};
  for (const TrainingCase& source : trainer.data().validation) {
    const std::vector<std::int16_t> predicted = predict(source, engine, trainer, cancellation);
    ValidatedCase& done = validation.cases.emplace_back(ValidatedCase{source.name(), {}, {}, {}});
    for (const auto& [region, values] : labels.regions)
      done.counts.push_back(
          count_confusion(std::span(predicted), source.labels(), values, labels.ignore_label));
  }
  make_folder(folder);
  write_validation_summary(folder / "summary.json", validation);
  return validation;
}

}  // namespace hepar
