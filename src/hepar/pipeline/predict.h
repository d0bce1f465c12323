// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "hepar/core/progress.h"
#include "hepar/infer/model.h"

namespace hepar {

// A folder of cases through any nnU-Net model; the labels are the model's own.
struct PredictRequest {
  std::filesystem::path input;   // NAME_0000.ENDING, ...; the ending that the model's dataset.json gives
  std::filesystem::path output;  // gets NAME.ENDING, dataset.json and plans.json
  std::filesystem::path model;
  ModelSelection selection;
  PredictOptions options;
  bool save_probabilities = false;  // also NAME.npz and NAME.pkl as nnU-Net writes them
  bool keep_existing = false;       // cases that the output folder has are not predicted again
  bool accept_skewed_directions = false;
  // For a cascade: folder with the earlier stage's label maps NAME.ENDING. Empty: the earlier stage's model,
  // TRAINER__PLANS__STAGE beside the model, predicts them first.
  std::filesystem::path previous_stage;
  std::filesystem::path postprocessing;  // a postprocessing.json of nnU-Net; empty: none
};

struct PredictedCase {
  std::string name;
  bool kept = false;                        // was there already
  std::string fault;                        // why there is no result; empty: all is well
  std::vector<std::string> notes;           // what the user should know
  std::map<std::string, double> timings_s;  // by stage
};

struct PredictResult {
  std::vector<PredictedCase> cases;  // by name
  std::vector<std::string> notes;    // on the model
};

// Each case's files appear whole or not at all; one that fails does not stop the others. Throws what keeps
// all cases from being predicted: no model, no input, no space.
PredictResult predict_folder(const PredictRequest& request, const EngineFactory& make_engine,
                             Progress* progress = nullptr);

std::string predict_json(const PredictResult& result);  // "hepar.predict/1"
std::string predict_text(const PredictResult& result, const std::filesystem::path& output);

}  // namespace hepar
