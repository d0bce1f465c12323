// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "hepar/evaluation/evaluation.h"
#include "hepar/report/document.h"

namespace hepar {

// What one case's part of a report is made from.
struct CasePageSource {
  std::string name, group, headline;
  std::filesystem::path ct;          // empty: no slices
  std::filesystem::path prediction;  // the label map; in a folder of `hepar segment` with all that lies there
  std::filesystem::path reference;   // empty: none
  const EvaluatedCase* evaluated = nullptr;  // for lesions that were missed or invented
  EvaluationOptions options;                 // whose labels the contours follow
  std::vector<ReportTable> tables;
};

struct CasePageLimits {
  std::size_t slices = 9;    // through each lesion
  std::size_t lesions = 12;  // a case; those left out are counted in a note
};

// The case with its lesions: the judged regions where there is evidence, else the predicted lesions; then the
// missed ones. Each with slices through it and the outlines of prediction, result and reference. A CT or
// label map that can't be read or lies on another grid becomes a note, and the slices stay out.
ReportCase make_case_page(const CasePageSource& source, const CasePageLimits& limits = {});

}  // namespace hepar
