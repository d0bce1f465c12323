// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "hepar/core/progress.h"
#include "hepar/metrics/region_metrics.h"

namespace hepar {

// The structures that are compared, in this order: liver (labels 1, 2 and 3 together), tumour (2), cyst (3).
struct CaseMetrics {
  std::string case_name;
  RegionMetrics liver, tumour, cyst;
};

// Metric name -> value of one region, the names of `hepar evaluate --json`; undefined ones are absent.
std::map<std::string, double> values_of(const RegionMetrics& metrics);

struct Evaluation {
  std::vector<CaseMetrics> cases;
  std::vector<std::string> notes;  // what was left out and why
};

// Compares label maps of values 0 to 3. Both paths are files, or both are folders: then cases are paired
// by file name without suffix; a prediction may also be a sub-folder of that name with labels.nii.gz in
// it, as `hepar segment` writes it. Cases without partner are noted. Error(kInvalidInput) when no pair
// is found or a pair lies on different grids.
Evaluation evaluate(const std::filesystem::path& prediction, const std::filesystem::path& reference,
                    Progress* progress = nullptr);

CaseMetrics evaluate_case(const std::string& name, const LabelMap& prediction, const LabelMap& reference);

// The document of `hepar evaluate --json`, "format": "hepar.evaluation/1".
std::string evaluation_json(const Evaluation& evaluation);

// A table that fits one screen: mean, SD, min, median, max of DSC and HD95 per structure, and up to
// `most_cases` single cases.
std::string evaluation_text(const Evaluation& evaluation, std::size_t most_cases = 12);

}  // namespace hepar
