// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "hepar/infer/model.h"
#include "hepar/pipeline/filter.h"

namespace hepar {

struct SegmentRequest {
  CtSource ct;
  std::filesystem::path model;
  std::filesystem::path output;
  LesionFilterOptions options;
};

struct Prediction {
  LabelMap labels;                 // liver (1) and tumour (2)
  std::vector<std::string> notes;  // what was left out
};
// Predicts liver and tumour on the grid of `ct`, before any filter, less the liver's islands.
Prediction predict_labels(const CtVolume& ct, const Model& model, Progress* progress = nullptr);

// There is one liver: of the connected parts of `labels` (26 neighbours) the largest stays, and so does
// every part that holds tumour; the others become background. Returns the note that says how many
// and how much, empty when nothing was left out.
std::string drop_liver_islands(LabelMap& labels);

// CT in; kCaseFiles out, all or none, on the CT's own grid.
CaseResult segment_case(const SegmentRequest& request, const EngineFactory& make_engine,
                        Progress* progress = nullptr);

}  // namespace hepar
