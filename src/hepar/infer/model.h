// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <span>

#include "hepar/core/progress.h"
#include "hepar/infer/label_export.h"
#include "hepar/infer/search.h"
#include "hepar/nn/model_folder.h"
#include "hepar/volume/volume.h"
#include "hepar/windows/fold_engines.h"

namespace hepar {

// Makes the engine for one fold of a model; the application chooses which.
using EngineFactory = std::function<std::unique_ptr<Engine>(const ModelPlan&, const Weights&)>;

struct PredictOptions {
  double step_fraction = 0.5;  // window step / patch size, in (0, 1]
  bool mirror = true;   // average over mirrored patches where the model allows it: up to 8 times slower
  bool parity = false;  // nnU-Net's float16 sums and roundings instead of float32; all windows run
  Search search = Search::kFull;  // 2d models and a cascade's later stages take kLabels for kBody
  SearchedLabels searched{};
  SearchRecord* record = nullptr;  // becomes what the search did
};

// A trained nnU-Net v2 model, loaded once: scans in, labels on the scan's own grid out, whatever the labels.
// Concurrent callers share it; their patches take turns in the network, all else runs side by side.
class Model {
 public:
  // An engine for each checkpoint; `coarse`, if given, makes the coarse pass of Search::kLabels, which this
  // model else makes itself.
  Model(ModelFolder folder, std::vector<std::unique_ptr<Engine>> folds, std::unique_ptr<Model> coarse = {});
  const ModelFolder& folder() const { return folder_; }
  const Model* coarse() const { return coarse_.get(); }
  void set_coarse(std::unique_ptr<Model> coarse) { coarse_ = std::move(coarse); }

  // The labels that nnU-Net would write, before any postprocessing. `channels` are the image's, on one grid.
  // A cascade's second stage takes the labels of its first one on the same grid, other models none; else
  // Error(kInvalidInput). `probabilities` is called with every plane, see there.
  // Search::kLabels: the coarse model, or this one at a lower resolution, looks over the whole scan, and
  // windows run near what it found of `searched`; more run as long as those labels come near to windows that
  // did not, which takes further passes. All windows with body run where the coarse or a later finding is no
  // liver's, the two differ in volume by more than 2 times, or growing takes too much. Not with
  // `probabilities`.
  // Memory besides the scan: its preprocessed image, the engines' own, the window's planes of logits
  // (predict_planes) and 2 bytes for each voxel of the scan.
  WideLabelMap predict(std::span<const CtVolume> channels, const PredictOptions& options = {},
                       Progress* progress = nullptr, const WideLabelMap* previous_stage = nullptr,
                       const ProbabilitySink& probabilities = {}) const;
  WideLabelMap predict(const CtVolume& ct, const PredictOptions& options = {}, Progress* progress = nullptr,
                       const WideLabelMap* previous_stage = nullptr,
                       const ProbabilitySink& probabilities = {}) const {
    return predict(std::span(&ct, 1), options, progress, previous_stage, probabilities);
  }

 private:
  class Prediction;
  ModelFolder folder_;
  std::unique_ptr<FoldEngines> folds_;
  std::unique_ptr<Model> coarse_;
};

// Reads a model folder and makes the engines for the selected folds.
Model load_model(const std::filesystem::path& folder, const EngineFactory& make_engine,
                 const ModelSelection& selection = {});

// For Search::kLabels: gives `model` the coarse model, with all of its folds, that lies in its folder as the
// model folder `coarse`. None where there is no such folder, or no coarse pass (2d models and a cascade's
// later stages). Error(kInvalidInput) when it can't make one.
void load_coarse_model(Model& model, const EngineFactory& make_engine);

}  // namespace hepar
