// SPDX-License-Identifier: Apache-2.0
#include "hepar/infer/model.h"

#include <fmt/format.h>

#include "hepar/core/error.h"
#include "hepar/plan/preprocess.h"
#include "hepar/windows/predict_logits.h"

namespace hepar {
namespace {

PreprocessedCase prepare(std::span<const CtVolume> channels, const ModelFolder& model, Progress* progress,
                         const WideLabelMap* previous_stage) {
  report(progress, "prepare", 0.0);
  PreprocessedCase prepared = preprocess(channels, model.plan, progress);
  if (previous_stage != nullptr)
    append_previous_stage(prepared, *previous_stage, model.plan, model.labels.foreground_labels);
  return prepared;
}

void check_previous_stage(const ModelPlan& plan, bool given) {
  if (given == !plan.previous_stage.empty()) return;
  throw Error(ErrorCode::kInvalidInput,
              given ? fmt::format("configuration {} takes no labels of a previous stage; leave them out",
                                  plan.configuration)
                    : fmt::format("configuration {} needs the labels of {} for this scan; predict with that "
                                  "model first and give its labels",
                                  plan.configuration, plan.previous_stage));
}

}  // namespace

Model::Model(ModelFolder folder, std::vector<std::unique_ptr<Engine>> folds)
    : folder_(std::move(folder)), folds_(std::make_unique<FoldEngines>(std::move(folds))) {}

WideLabelMap Model::predict(std::span<const CtVolume> channels, const PredictOptions& options,
                            Progress* progress, const WideLabelMap* previous_stage,
                            const ProbabilitySink& probabilities) const {
  check_previous_stage(folder_.plan, previous_stage != nullptr);
  const PreprocessedCase prepared = prepare(channels, folder_, progress, previous_stage);
  const TensorShape& shape = prepared.image.shape;
  LabelExport result(
      {channels.front().geometry(), prepared.order, prepared.crop, {shape.d, shape.h, shape.w}}, folder_.plan,
      folder_.labels, options.parity, probabilities);
  predict_planes(
      prepared.image, *folds_,
      {.patch = folder_.plan.patch_size,
       .step_fraction = options.step_fraction,
       .mirror_axes = options.mirror ? folder_.mirror_axes : std::vector<int>{},
       .parity = options.parity},
      [&](std::int64_t d, std::span<const float> logits) { result.add(d, logits); }, progress);
  return result.finish();
}

Model load_model(const std::filesystem::path& folder, const EngineFactory& make_engine,
                 const ModelSelection& selection) {
  ModelFolder model = read_model_folder(folder, selection);
  std::vector<std::unique_ptr<Engine>> folds;
  for (std::size_t fold = 0; fold < model.checkpoints.size(); ++fold)
    folds.push_back(make_engine(model.plan, read_fold(model, fold)));
  return {std::move(model), std::move(folds)};
}

}  // namespace hepar
