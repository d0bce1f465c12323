// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "hepar/evaluation/comparison.h"
#include "hepar/evaluation/evaluation.h"
#include "hepar/report/document.h"

namespace hepar {

// Tables for people; "-" is undefined. The same numbers with all their digits are in the CSV and JSON files.

// n, mean, SD, min, quartiles, median and max of these metrics for every method and region that has a value,
// as in Table 1 of the paper.
ReportTable summary_table(const Evaluation& evaluation, std::span<const std::string_view> metrics);
// ... of all metrics.
ReportTable full_summary_table(const Evaluation& evaluation);

// One row per case and method, with these metrics of every region that has a value of them somewhere.
ReportTable case_table(const Evaluation& evaluation, std::span<const std::string_view> metrics);

// The methods against the first, as in Table 2 of the paper, with all tests. The note holds the warnings. A
// line that would say that no case differs is left out; there may be none at all.
ReportTable comparison_table(const Evaluation& evaluation);

// Lesions found, missed and invented, by size class where there are any; a table per region that is counted
// so.
std::vector<ReportTable> detection_tables(const Evaluation& evaluation);

// LiTS's figures over the cohort: Dice per case and global, tumour burden; empty without the regions liver
// and tumour.
std::vector<ReportTable> cohort_tables(const Evaluation& evaluation);

// What each metric means, with its source.
ReportTable metric_definition_table();

// A number with three significant decimals for ratios and two for mm and mL; "-" when undefined.
std::string metric_cell(const MetricInfo& metric, const std::optional<double>& value);

// "< 0.001" or three decimals.
std::string p_cell(const std::optional<double>& p);

// cases.csv, lesions.csv, summary.csv, comparisons.csv: columns in docs/reference/formats.md.
std::string cases_csv(const Evaluation& evaluation);
std::string lesions_csv(const Evaluation& evaluation);
std::string summary_csv(const Evaluation& evaluation);
std::string comparisons_csv(const Evaluation& evaluation);

}  // namespace hepar
