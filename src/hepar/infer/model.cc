// SPDX-License-Identifier: Apache-2.0
#include "hepar/infer/model.h"

#include <fmt/format.h>

#include <algorithm>

#include "hepar/core/error.h"
#include "hepar/infer/coarse_pass.h"
#include "hepar/infer/window_search.h"
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

void check_search(const PredictOptions& options, bool wants_probabilities) {
  if (options.parity && options.search != Search::kFull) {
    throw Error(ErrorCode::kInvalidInput,
                "nnU-Net runs all windows, so parity needs the full search; leave one of the two out");
  }
  HEPAR_EXPECT(!wants_probabilities || options.search != Search::kLabels,
               "probabilities are given once, and a search for labels may take several passes");
}

// Makes every voxel background with probability 1, in float32 exactly: exp(-200) is 0 there. A label model's
// background is its first head, and regions have none.
std::vector<float> background_logits(const DatasetLabels& labels) {
  std::vector<float> logits(static_cast<std::size_t>(labels.heads()), -200.0F);
  if (!labels.has_regions()) logits.front() = 0;
  return logits;
}

constexpr const char* kCoarseFolder = "coarse";

std::unique_ptr<Model> load_coarse_model(const std::filesystem::path& folder, const ModelFolder& fine,
                                         const EngineFactory& make_engine) {
  if (!std::filesystem::exists(folder)) return nullptr;
  try {
    auto coarse = std::make_unique<Model>(load_model(folder, make_engine));
    const ModelPlan& plan = coarse->folder().plan;
    if (!plan.previous_stage.empty() ||
        plan.normalization_schemes.size() != fine.plan.normalization_schemes.size()) {
      throw Error(ErrorCode::kInvalidInput,
                  fmt::format("it has the configuration {} for {} image channels, and must stand alone and "
                              "see the model's {}",
                              plan.configuration, plan.normalization_schemes.size(),
                              fine.plan.normalization_schemes.size()));
    }
    return coarse;
  } catch (const Error& error) {
    throw error.during(fmt::format("reading the coarse model in {}", folder.string()));
  }
}

}  // namespace

// One scan through a model.
class Model::Prediction {
 public:
  Prediction(const Model& model, std::span<const CtVolume> channels, const PreprocessedCase& prepared,
             const PredictOptions& options, const ProbabilitySink& probabilities, Progress* progress)
      : model_(model),
        channels_(channels),
        prepared_(prepared),
        options_(options),
        probabilities_(probabilities),
        progress_(progress),
        search_(prepared, model.folder_, options.step_fraction, options.search != Search::kFull) {
    record_.windows = search_.windows().count();
  }

  WideLabelMap run() {
    if (options_.search == Search::kLabels) start_search();
    for (;;) {
      WideLabelMap labels = pass();
      if (search_.is_clean()) {
        if (options_.record != nullptr) *options_.record = record_;
        return labels;
      }
      if (record_.passes < kPasses) continue;
      record_.fallback = fmt::format("labels came near to the border of what was searched {} times", kPasses);
      search_.take_all();
    }
  }

 private:
  static constexpr int kPasses = 2;  // before all windows run
  // A coarse pass by the model itself must cost this many times less than all windows: on a real CT with 18
  // windows one of 4 found the liver and 18 windows were still needed; on phantoms 4 saved 14 of 32.
  static constexpr std::int64_t kLeastSaving = 5;

  void start_search() {
    const ModelPlan& plan = model_.folder_.plan;
    if (plan.two_dimensional || !plan.previous_stage.empty()) {
      record_.fallback = fmt::format("the configuration {} is always run as a whole", plan.configuration);
      return;
    }
    const std::int64_t coarse_windows = coarse_window_count(search_.windows().volume(), plan);
    if (!model_.coarse_ && coarse_windows * kLeastSaving > record_.windows) {
      record_.fallback = fmt::format("a coarse pass of about {} windows would save little of {}",
                                     coarse_windows, record_.windows);
      return;
    }
    const CoarsePass coarse =
        model_.coarse_
            ? find_coarsely(channels_, model_.coarse_->folder_.plan, model_.coarse_->folder_.labels,
                            *model_.coarse_->folds_, options_.searched.coarse, progress_)
            : find_coarsely(channels_, coarsened(plan), model_.folder_.labels, *model_.folds_,
                            options_.searched.own, progress_);
    record_.coarse_windows = coarse.windows;
    record_.coarse_seconds = coarse.seconds;
    record_.fallback = coarse.fault;
    if (coarse.fault.empty()) search_.look_near(coarse.found, options_.searched.own);
  }

  WideLabelMap pass() {
    const ModelFolder& folder = model_.folder_;
    const TensorShape& shape = prepared_.image.shape;
    LabelExport result(
        {channels_.front().geometry(), prepared_.order, prepared_.crop, {shape.d, shape.h, shape.w}},
        folder.plan, folder.labels, options_.parity, probabilities_);
    const WindowOptions windows{.patch = folder.plan.patch_size,
                                .step_fraction = options_.step_fraction,
                                .mirror_axes = options_.mirror ? folder.mirror_axes : std::vector<int>{},
                                .parity = options_.parity,
                                .run = search_.run(),
                                .elsewhere = background_logits(folder.labels)};
    ++record_.passes;
    record_.windows_run += windows.run.empty()
                               ? search_.windows().count()
                               : std::count(windows.run.begin(), windows.run.end(), std::uint8_t{1});
    predict_planes(
        prepared_.image, *model_.folds_, windows,
        [&](std::int64_t d, std::span<const float> logits) {
          search_.look(d, logits);
          result.add(d, logits);
        },
        progress_);
    return result.finish();
  }

  const Model& model_;
  std::span<const CtVolume> channels_;
  const PreprocessedCase& prepared_;
  const PredictOptions& options_;
  const ProbabilitySink& probabilities_;
  Progress* progress_;
  WindowSearch search_;
  SearchRecord record_;
};

Model::Model(ModelFolder folder, std::vector<std::unique_ptr<Engine>> folds, std::unique_ptr<Model> coarse)
    : folder_(std::move(folder)),
      folds_(std::make_unique<FoldEngines>(std::move(folds))),
      coarse_(std::move(coarse)) {}

WideLabelMap Model::predict(std::span<const CtVolume> channels, const PredictOptions& options,
                            Progress* progress, const WideLabelMap* previous_stage,
                            const ProbabilitySink& probabilities) const {
  check_previous_stage(folder_.plan, previous_stage != nullptr);
  check_search(options, static_cast<bool>(probabilities));
  const PreprocessedCase prepared = prepare(channels, folder_, progress, previous_stage);
  return Prediction(*this, channels, prepared, options, probabilities, progress).run();
}

Model load_model(const std::filesystem::path& folder, const EngineFactory& make_engine,
                 const ModelSelection& selection) {
  ModelFolder model = read_model_folder(folder, selection);
  std::vector<std::unique_ptr<Engine>> folds;
  for (std::size_t fold = 0; fold < model.checkpoints.size(); ++fold)
    folds.push_back(make_engine(model.plan, read_fold(model, fold)));
  std::unique_ptr<Model> coarse = load_coarse_model(folder / kCoarseFolder, model, make_engine);
  return {std::move(model), std::move(folds), std::move(coarse)};
}

}  // namespace hepar
