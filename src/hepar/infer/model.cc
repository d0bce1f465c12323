// SPDX-License-Identifier: Apache-2.0
#include "hepar/infer/model.h"

#include <fmt/format.h>

#include "hepar/core/error.h"
#include "hepar/infer/predict_logits.h"
#include "hepar/plan/preprocess.h"

namespace hepar {
namespace {

// What the network sees of a case and where its output belongs.
struct PreparedCase {
  Tensor image;
  ExportTarget target;
};

PreparedCase prepare(std::span<const CtVolume> channels, const ModelFolder& model, Progress* progress,
                     const WideLabelMap* previous_stage) {
  HEPAR_EXPECT(channels.size() == 1 && previous_stage == nullptr, "one CT channel");
  report(progress, "prepare", 0.0);
  PreprocessedCase prepared = preprocess(channels[0], model.plan);
  const Int3 size = prepared.image.size();
  Tensor image({1, 1, size.k, size.j, size.i});
  image.values.assign(prepared.image.voxels().begin(), prepared.image.voxels().end());
  return {std::move(image),
          {channels[0].geometry(), prepared.order, {{}, prepared.reoriented.size}, {size.k, size.j, size.i}}};
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
  PreparedCase prepared = prepare(channels, folder_, progress, previous_stage);
  LabelExport result(prepared.target, folder_.plan, folder_.labels, options.parity, probabilities);
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
