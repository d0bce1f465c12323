// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/model_stages.h"

#include <fmt/format.h>

#include "hepar/core/error.h"
#include "hepar/core/file.h"

namespace hepar {
namespace fs = std::filesystem;
namespace {

fs::path earlier_folder(const fs::path& folder, const std::string& stage) {
  const std::string name = last_name(folder);
  const std::string earlier = std::string(name, 0, name.rfind("__") + 2).append(stage);
  const fs::path path = fs::absolute(folder / "x").lexically_normal().parent_path().parent_path() / earlier;
  if (name.find("__") == std::string::npos || !fs::is_directory(path)) {
    throw Error(
        ErrorCode::kMissing,
        fmt::format("{} is the second stage of a cascade and needs its first one, {}, beside it; or give "
                    "the first stage's label maps with --previous-stage",
                    folder.string(), name.find("__") == std::string::npos ? stage : earlier));
  }
  return path;
}

}  // namespace

ModelStages load_model_stages(const fs::path& folder, const EngineFactory& make_engine,
                              const ModelSelection& selection) {
  ModelStages stages{load_model(folder, make_engine, selection), {}};
  const std::string& stage = stages.model.folder().plan.previous_stage;
  if (!stage.empty())
    stages.earlier = std::make_unique<Model>(load_model(earlier_folder(folder, stage), make_engine,
                                                        {.folds = {}, .checkpoint = selection.checkpoint}));
  return stages;
}

WideLabelMap predict_stages(const ModelStages& stages, std::span<const CtVolume> channels,
                            const PredictOptions& options, Progress* progress,
                            const WideLabelMap* earlier_labels, const ProbabilitySink& sink) {
  if (stages.earlier == nullptr || earlier_labels != nullptr)
    return stages.model.predict(channels, options, progress, earlier_labels, sink);
  // A search's labels and record are the last stage's.
  PredictOptions earlier = options;
  earlier.search = Search::kFull;
  earlier.record = nullptr;
  const WideLabelMap labels = stages.earlier->predict(channels, earlier, progress);
  return stages.model.predict(channels, options, progress, &labels, sink);
}

}  // namespace hepar
