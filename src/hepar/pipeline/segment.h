// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hepar/pipeline/filter.h"
#include "hepar/pipeline/liver_labels.h"
#include "hepar/pipeline/liver_search.h"
#include "hepar/pipeline/model_stages.h"

namespace hepar {

// All windows; mirroring takes 8 times as long.
inline constexpr PredictOptions kWithoutMirroring{.step_fraction = 0.5, .mirror = false, .parity = false};
// What `segment` does unless told otherwise. Its label maps of two phantoms, one liver each, agreed with those
// of all windows to a Dice of 0.9997; on the one real CT tried all windows ran (docs/models.md).
inline constexpr PredictOptions kNearLiver{
    .step_fraction = 0.5, .mirror = false, .parity = false, .search = Search::kLabels};

struct SegmentRequest {
  CtSource ct;
  std::filesystem::path model;
  ModelSelection selection;
  PredictOptions inference = kNearLiver;   // its searched labels and record are set by segment_case()
  std::string device = "cpu";              // what the engines run on and how they round,
  std::string engine = "default";          // for the run's record
  std::vector<std::string> tumour_labels;  // names or values of the model's liver tumours; empty: by name
  std::filesystem::path output;
  LesionFilterOptions options;
  DicomOptions dicom;
};

// A network's answer in Hepar's labels, before any filter, less the liver's islands.
struct Prediction {
  LabelMap labels;                 // liver (1), tumour (2) and, of models that know it, cyst (3)
  WideLabelMap model_labels;       // the model's own
  std::vector<std::string> notes;  // what was left out
};

// A model that knows the liver's tumours.
struct LiverModel {
  ModelStages stages;
  LiverLabels meaning;
};
// With all folds. Error(kInvalidInput) when no label is named as a liver tumour.
LiverModel load_liver_model(const std::filesystem::path& folder, const EngineFactory& make_engine);
Prediction predict_liver(const CtVolume& ct, const LiverModel& model, const PredictOptions& options,
                         Progress* progress = nullptr);

// There is one liver: of the connected parts of `labels` (26 neighbours) the largest stays, and so does
// every part that holds tumour; the others become background. Returns the note that says how many
// and how much, empty when nothing was left out.
std::string drop_liver_islands(LabelMap& labels);

struct SegmentResult {
  // The lesion filter's results; nothing when the model has no liver tumour, so that there was none to judge.
  std::optional<CaseResult> judged;
  std::vector<std::pair<std::string, double>> model_labels_ml;  // volume by name, of models without a tumour
  std::vector<std::string> notes;                               // ... and their notes
  std::map<std::string, double> timings_s;
};

// CT in; kCaseFiles out, all or none, on the CT's own grid, of a DICOM CT kDicomFiles too, and
// kModelLabelsFile where the model's labels are not Hepar's. A model without a liver tumour gives
// kModelLabelsFile and run.json alone.
SegmentResult segment_case(const SegmentRequest& request, const EngineFactory& make_engine,
                           Progress* progress = nullptr);

std::string segment_json(const SegmentResult& result);
std::string segment_text(const SegmentResult& result, const std::filesystem::path& output);

}  // namespace hepar
