// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>

#include "hepar/infer/model.h"

namespace hepar {

// A model, and for a cascade's second stage the model of the first, on whose labels it depends.
struct ModelStages {
  Model model;
  std::unique_ptr<Model> earlier;  // nothing for models that stand alone
};

// The earlier stage is the folder TRAINER__PLANS__STAGE beside the model, STAGE being the plan's
// previous_stage, with all of its folds and the selection's checkpoint; Error(kMissing) naming it when it is
// not there.
ModelStages load_model_stages(const std::filesystem::path& folder, const EngineFactory& make_engine,
                              const ModelSelection& selection = {});

// The model's labels, the earlier stage being predicted first unless its labels are given. The sink gets the
// last stage's probabilities only.
WideLabelMap predict_stages(const ModelStages& stages, std::span<const CtVolume> channels,
                            const PredictOptions& options, Progress* progress = nullptr,
                            const WideLabelMap* earlier_labels = nullptr, const ProbabilitySink& sink = {});

}  // namespace hepar
