// SPDX-License-Identifier: Apache-2.0
#include "hepar/infer/model.h"

#include <fmt/format.h>

#include "hepar/core/error.h"
#include "hepar/infer/coarse_pass.h"
#include "hepar/infer/named_progress.h"
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

bool has_coarse_pass(const ModelPlan& plan) { return !plan.two_dimensional && plan.previous_stage.empty(); }

void check_coarse_plan(const ModelPlan& coarse, const ModelPlan& fine) {
  const std::size_t channels = coarse.normalization_schemes.size(),
                    wanted = fine.normalization_schemes.size();
  if (coarse.previous_stage.empty() && channels == wanted) return;
  throw Error(ErrorCode::kInvalidInput,
              fmt::format("it has the configuration {} for {} image channels, and must stand alone and see "
                          "the model's {}",
                          coarse.configuration, channels, wanted));
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
      if (search_.effective() == Search::kLabels && !is_settled()) continue;
      if (options_.record != nullptr) *options_.record = record_;
      return labels;
    }
  }

 private:
  static constexpr int kPasses = 2;  // before all windows run
  // A coarse pass by the model itself must cost this many times less than all windows: on a real CT with 18
  // windows one of 4 found the liver and 18 windows were still needed; on phantoms 4 saved 14 of 32.
  static constexpr std::int64_t kLeastSaving = 5;
  // Windows that ran run again in a further pass: where it would take more of all than this, all run at once.
  static constexpr double kLargestShare = 0.75;
  // A coarse finding and the liver differ less in volume: a Dice of 0.91 (kCoarsening) allows 1.2 times, as
  // the Dice of two sizes is at most twice the smaller over the sum. Near a spleen or a stomach there is
  // little liver or none.
  static constexpr double kLargestRatio = 2;

  // After a pass near labels: whether its result stands; else chooses the windows of the next pass.
  bool is_settled() {
    record_.fallback = volume_fault();
    if (record_.fallback.empty() && search_.is_clean()) return true;
    if (record_.fallback.empty() && record_.passes == kPasses)
      record_.fallback = fmt::format("labels came near to the border of what was searched {} times", kPasses);
    if (record_.fallback.empty() &&
        static_cast<double>(search_.count()) > kLargestShare * static_cast<double>(search_.most()))
      record_.fallback = fmt::format("labels reached so far that {} of {} windows were to run",
                                     search_.count(), search_.most());
    if (!record_.fallback.empty()) search_.take_all();
    return false;
  }

  std::string volume_fault() const {
    if (options_.searched.own.liver.empty()) return {};  // the model's labels are no whole liver
    const double ml = search_.found_ml();
    if (ml * kLargestRatio >= coarse_ml_ && ml <= coarse_ml_ * kLargestRatio && is_liver_volume(ml))
      return {};
    return fmt::format(
        "a liver of {:.0f} mL was found where the coarse pass had one of {:.0f} mL; they should differ by "
        "less "
        "than {} times and lie between {}",
        ml, coarse_ml_, kLargestRatio, liver_volume_range());
  }

  // Of one window of the full grid in windows without mirroring, as the coarse pass' are.
  std::int64_t window_cost() const {
    return options_.mirror ? std::int64_t{1} << model_.folder_.mirror_axes.size() : 1;
  }

  void start_search() {
    const ModelPlan& plan = model_.folder_.plan;
    if (!has_coarse_pass(plan)) {
      record_.not_searched =
          fmt::format("no coarse pass is made for the configuration {}, which is {}", plan.configuration,
                      plan.two_dimensional ? "two-dimensional" : "the later stage of a cascade");
      return;
    }
    const std::int64_t coarse_windows = coarse_window_count(search_.windows().volume(), plan);
    if (!model_.coarse_ && coarse_windows * kLeastSaving > record_.windows * window_cost()) {
      record_.not_searched = fmt::format("a coarse pass of about {} windows would save little of {}",
                                         coarse_windows, record_.windows);
      return;
    }
    const NamedProgress progress(progress_, "coarse pass");
    const CoarsePass coarse =
        model_.coarse_
            ? find_coarsely(channels_, model_.coarse_->folder_.plan, model_.coarse_->folder_.labels,
                            *model_.coarse_->folds_, options_.searched.coarse, progress.get())
            : find_coarsely(channels_, coarsened(plan), model_.folder_.labels, *model_.folds_,
                            options_.searched.own, progress.get());
    coarse_ml_ = coarse.found_ml;
    record_.coarse_windows = coarse.windows;
    record_.coarse_seconds = coarse.seconds;
    record_.dropped_parts = coarse.dropped_parts;
    record_.dropped_ml = coarse.dropped_ml;
    record_.fallback = coarse.fault;
    if (coarse.fault.empty()) search_.look_near(coarse.found, options_.searched.own.all());
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
                                .run = search_.start_pass(),
                                .elsewhere = background_logits(folder.labels)};
    ++record_.passes;
    record_.effective = search_.effective();
    record_.windows_covered = search_.count();
    record_.windows_run += record_.windows_covered;
    const NamedProgress again(progress_, fmt::format("pass {}", record_.passes));
    predict_planes(
        prepared_.image, *model_.folds_, windows,
        [&](std::int64_t d, std::span<const float> logits) {
          search_.look(d, logits);
          result.add(d, logits);
        },
        record_.passes > 1 ? again.get() : progress_);
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
  double coarse_ml_ = 0;
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
  return {std::move(model), std::move(folds)};
}

void load_coarse_model(Model& model, const EngineFactory& make_engine) {
  const std::filesystem::path folder = model.folder().path / kCoarseFolder;
  if (!has_coarse_pass(model.folder().plan) || !std::filesystem::exists(folder)) return;
  try {
    auto coarse = std::make_unique<Model>(load_model(folder, make_engine));
    check_coarse_plan(coarse->folder().plan, model.folder().plan);
    model.set_coarse(std::move(coarse));
  } catch (const Error& error) {
    throw error.during(fmt::format("reading the coarse model in {}", folder.string()));
  }
}

}  // namespace hepar
