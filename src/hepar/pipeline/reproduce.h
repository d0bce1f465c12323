// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "hepar/evaluation/evaluation.h"
#include "hepar/pipeline/segment.h"

namespace hepar {

// The experiment of Lin et al., Front. Oncol. 14:1423774, 2024: train and validate on one dataset, test on
// another, and see what the filter does on a third.
struct ReproduceRequest {
  std::filesystem::path output;
  std::filesystem::path model;  // the model folder to be tested; written first when `train` is set
  // Trains on the first training cases of a dataset, holds the last `validation` ones back, and writes
  // `model`. Empty: `model` is taken as it is.
  std::function<void(const std::filesystem::path& dataset, int validation_cases)> train;
  // nnU-Net datasets; all empty: phantoms. Without `clinical_data` the filter is tried on the test data.
  std::filesystem::path train_data, test_data, clinical_data;
  std::uint64_t seed = 5001;  // of the phantoms; not among those that the shipped model was trained on
  // The paper's numbers. With datasets of one's own: the last `validation_cases` of train_data, and all cases
  // with tumour of the others.
  int training_cases = 110, validation_cases = 20, test_cases = 14, clinical_cases = 25;
};

// One group of cases that the trained network meets.
struct ReproducedCohort {
  std::string key;    // "validation", "test", "clinical"; names its files
  std::string title;  // "20 phantoms without cysts, for validation"
  Evaluation evaluation;
};
struct Reproduction {
  bool phantoms = true;
  std::string training;  // in a sentence: with which model the numbers were made
  std::vector<ReproducedCohort> cohorts;
  std::vector<std::string> notes;
};

// Methods of each cohort's evaluation, in this order.
inline constexpr const char* kNetworkMethod = "network";
inline constexpr const char* kPaperMethod = "paper's filter";
inline constexpr const char* kEvidenceMethod = "evidence rule";

// Makes the data or takes it, trains or takes the model, predicts, filters by both rules and evaluates.
// Writes data, predictions, an evaluation folder a cohort, tables.md and .tex, figures, reproduction.json and
// report.html to request.output.
Reproduction reproduce(const ReproduceRequest& request, const EngineFactory& make_engine,
                       Progress* progress = nullptr);

// reproduction.json and what lies beside it, for a page to be made again. Errors as read_evaluation_json().
Reproduction read_reproduction(const std::filesystem::path& folder);

// Both tables for the terminal.
std::string reproduction_text(const Reproduction& reproduction);

}  // namespace hepar
