// SPDX-License-Identifier: Apache-2.0
#include "hepar/evaluation/evaluation_output.h"

#include <fmt/format.h>

#include "hepar/core/file.h"
#include "hepar/core/version.h"
#include "hepar/evaluation/evaluation_figures.h"
#include "hepar/evaluation/evaluation_json.h"
#include "hepar/evaluation/evaluation_tables.h"
#include "hepar/report/table_text.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;

constexpr std::size_t kMostCases = 12;
constexpr std::array<std::string_view, 2> kPaperMetrics{"dsc", "hd95_mm"};
constexpr std::array<std::string_view, 4> kCaseMetrics{"dsc", "hd95_mm", "volume_ml", "reference_ml"};

std::vector<ReportTable> all_tables(const Evaluation& evaluation) {
  std::vector<ReportTable> tables{full_summary_table(evaluation)};
  if (evaluation.methods.size() > 1) tables.push_back(comparison_table(evaluation));
  for (auto part : {detection_tables(evaluation), cohort_tables(evaluation)}) {
    tables.insert(tables.end(), part.begin(), part.end());
  }
  tables.push_back(case_table(evaluation, kCaseMetrics));
  tables.push_back(metric_definition_table());
  return tables;
}

// The cases of a long cohort that fit a screen.
ReportTable short_case_table(const Evaluation& evaluation) {
  ReportTable table = case_table(evaluation, kPaperMetrics);
  table.caption.clear();
  if (table.rows.size() > kMostCases) {
    table.note = fmt::format("... and {} more lines", table.rows.size() - kMostCases);
    table.rows.resize(kMostCases);
  }
  return table;
}

}  // namespace

void write_evaluation(const Evaluation& evaluation, const fs::path& staging, const fs::path& target) {
  write_text_file(staging / "evaluation.json", evaluation_json(evaluation, target));
  write_text_file(staging / "cases.csv", cases_csv(evaluation));
  write_text_file(staging / "lesions.csv", lesions_csv(evaluation));
  write_text_file(staging / "summary.csv", summary_csv(evaluation));
  if (evaluation.methods.size() > 1)
    write_text_file(staging / "comparisons.csv", comparisons_csv(evaluation));
  write_tables(all_tables(evaluation), staging);
  write_figures(evaluation_figures(evaluation), staging);
}

std::string evaluation_text(const Evaluation& evaluation) {
  std::string text = plain_table(short_case_table(evaluation));
  bool several = false;
  for (const MethodResult& method : evaluation.methods) several = several || method.cases.size() > 1;
  if (several) text.append(1, '\n').append(plain_table(summary_table(evaluation, kPaperMetrics)));
  for (const ReportTable& table : detection_tables(evaluation))
    text.append(1, '\n').append(plain_table(table));
  if (evaluation.methods.size() > 1 && several)
    text.append(1, '\n').append(plain_table(comparison_table(evaluation)));
  return text + std::string(kDisclaimer);
}

}  // namespace hepar
