// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "hepar/evaluation/evaluation_figures.h"
#include "hepar/pipeline/run_record.h"
#include "hepar/report/document.h"

namespace hepar {

using NamedPath = std::pair<std::string, std::filesystem::path>;  // case and its prediction
using NamedRun = std::pair<std::string, RunRecord>;               // case and what made it

// The records beside the predictions, for the cases that have one; in their order.
std::vector<NamedRun> read_runs(const std::vector<NamedPath>& predictions);

std::vector<NamedPath> prediction_paths(const MethodResult& method);

// Software, model and options, then the inputs' hashes and the times of each case. Empty without a record.
std::vector<ReportTable> provenance_tables(const std::vector<NamedRun>& runs);

// Time per stage; empty without a record.
std::vector<EvaluationFigure> time_figures(const std::vector<NamedRun>& runs);

}  // namespace hepar
