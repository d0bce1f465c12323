// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "hepar/nn/engine.h"
#include "hepar/nn/model_folder.h"
#include "hepar/pipeline/filter.h"

namespace hepar {

// Makes the engine for one fold of a model; the application chooses which.
using EngineFactory = std::function<std::unique_ptr<Engine>(const ModelPlan&, const Weights&)>;

struct SegmentRequest {
  CtSource ct;
  std::filesystem::path model;
  std::filesystem::path output;
  LesionFilterOptions options;
};

// A model in memory, ready for any number of cases.
struct LoadedModel {
  ModelFolder folder;
  std::vector<std::unique_ptr<Engine>> folds;
};
LoadedModel load_model(const std::filesystem::path& folder, const EngineFactory& make_engine);

// Predicts liver (1) and tumour (2) on the grid of `ct`, before any filter.
LabelMap predict_labels(const CtVolume& ct, LoadedModel& model, Progress* progress = nullptr);

// CT in; labels.nii.gz, lesions.json and overview.png out, all or none, on the CT's own grid.
CaseResult segment_case(const SegmentRequest& request, const EngineFactory& make_engine,
                        Progress* progress = nullptr);

}  // namespace hepar
