// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>

#include "hepar/core/progress.h"
#include "hepar/pipeline/case_page.h"
#include "hepar/pipeline/reproduce.h"
#include "hepar/report/document.h"

namespace hepar {

struct ReportRequest {
  std::filesystem::path folder;  // what `evaluate`, `segment`, `filter` or `reproduce` wrote
  std::filesystem::path page;    // the HTML file; empty: report.html in the folder
  std::filesystem::path ct;      // of a case's folder, where its run.json leads nowhere
  double most_mb = 20;           // a page that would be larger gets fewer slices
  CasePageLimits limits;
};

// Reads the folder and writes its page: a reproduction, an evaluation or a single case, by what lies there.
// Returns the path of the page. Error(kInvalidInput) for a folder that is none of them.
std::filesystem::path write_report_page(const ReportRequest& request, Progress* progress = nullptr);

// The same as a document.
ReportDocument report_document(const ReportRequest& request, Progress* progress = nullptr);

}  // namespace hepar
