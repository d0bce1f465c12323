// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/paper_tables.h"

#include <fmt/format.h>

#include <array>

#include "hepar/core/error.h"
#include "hepar/evaluation/evaluation_tables.h"
#include "hepar/numeric/paired_tests.h"

namespace hepar {
namespace {

using Row = std::vector<std::string>;

// Lin et al., Front. Oncol. 14:1423774, 2024, Table 1: mean, SD, min, median, max.
struct PrintedColumn {
  const char* title;
  std::array<double, 5> values;
};
constexpr std::array<PrintedColumn, 4> kPrintedTable1{
    {{"paper: LiTS (20) DSC", {0.86, 0.05, 0.77, 0.86, 0.93}},
     {"HD95 (mm)", {4.95, 2.03, 2.23, 4.51, 10.85}},
     {"paper: 3D-IRCADb (14) DSC", {0.82, 0.06, 0.73, 0.84, 0.92}},
     {"HD95 (mm)", {5.61, 2.38, 3.21, 4.84, 12.74}}}};
constexpr std::array<const char*, 5> kStatistics{"mean", "SD", "min", "median", "max"};

constexpr std::array<std::optional<double> RegionMetrics::*, 2> kMetrics{&RegionMetrics::dsc,
                                                                         &RegionMetrics::hd95_mm};

Summary summary_of(const Evaluation& evaluation, std::size_t method, std::size_t metric) {
  return summarise(metric_values(evaluation.methods[method], evaluation.options.find_region("tumour").value(),
                                 kMetrics[metric]));
}

std::string cell(const std::optional<double>& value) { return value ? fmt::format("{:.2f}", *value) : "-"; }

std::string mean_sd(const Summary& s) {
  return fmt::format("{} \xC2\xB1 {} (n = {})", cell(s.mean), cell(s.sd), s.n);
}

const ReproducedCohort* find_cohort(const Reproduction& reproduction, std::string_view key) {
  for (const ReproducedCohort& cohort : reproduction.cohorts) {
    if (cohort.key == key) return &cohort;
  }
  return nullptr;
}

// p of the paired t test against the network, unadjusted as in the paper.
std::string t_test_cell(const Evaluation& evaluation, std::size_t method, std::size_t metric) {
  const PairedValues values =
      paired_values(evaluation.methods[0], evaluation.methods[method],
                    evaluation.options.find_region("tumour").value(), kMetrics[metric]);
  const auto test = paired_t_test(values.first, values.second);
  return test ? p_cell(test->p_two_sided) : "-";
}

}  // namespace

ReportTable paper_table_1(const Reproduction& reproduction) {
  ReportTable table;
  table.caption = "Table 1: tumour, the network alone, beside the paper's own figures";
  table.columns = {""};
  std::vector<std::array<Summary, 2>> ours;
  for (const char* key : {"validation", "test"}) {
    const ReproducedCohort* cohort = find_cohort(reproduction, key);
    if (cohort == nullptr) continue;
    ours.push_back({summary_of(cohort->evaluation, 0, 0), summary_of(cohort->evaluation, 0, 1)});
    table.columns.push_back(fmt::format("{} ({}) DSC", key, ours.back()[0].n));
    table.columns.push_back("HD95 (mm)");
  }
  for (const PrintedColumn& column : kPrintedTable1) table.columns.emplace_back(column.title);
  for (std::size_t s = 0; s < kStatistics.size(); ++s) {
    Row row{kStatistics[s]};
    for (const auto& cohort : ours) {
      for (const Summary& m : cohort) {
        const std::array<std::optional<double>, 5> values{m.mean, m.sd, m.min, m.median, m.max};
        row.push_back(cell(values[s]));
      }
    }
    for (const PrintedColumn& column : kPrintedTable1) row.push_back(cell(column.values[s]));
    table.rows.push_back(std::move(row));
  }
  for (const ReproducedCohort& cohort : reproduction.cohorts) {
    if (cohort.key != "clinical") table.note += fmt::format("{}: {}. ", cohort.key, cohort.title);
  }
  table.note += "HD95 only where both prediction and reference hold tumour. " + honest_heading(reproduction);
  return table;
}

ReportTable paper_table_2(const Reproduction& reproduction) {
  const ReproducedCohort* cohort = find_cohort(reproduction, "clinical");
  if (cohort == nullptr) cohort = find_cohort(reproduction, "test");
  HEPAR_EXPECT(cohort != nullptr, "a reproduction has a cohort for the filter");
  const Evaluation& evaluation = cohort->evaluation;
  ReportTable table;
  table.caption = fmt::format(
      "Table 2: tumour before and after the filter, {}, beside the paper's own figures", cohort->title);
  table.columns = {"", "DSC", "p", "HD95 (mm)", "p"};
  for (std::size_t m = 0; m < evaluation.methods.size(); ++m) {
    Row row{evaluation.methods[m].name};
    for (std::size_t metric = 0; metric < kMetrics.size(); ++metric) {
      row.push_back(mean_sd(summary_of(evaluation, m, metric)));
      row.push_back(m == 0 ? "" : t_test_cell(evaluation, m, metric));
    }
    table.rows.push_back(std::move(row));
  }
  // Lin et al. 2024, Table 2.
  table.rows.push_back(
      {"paper: network", "0.75 \xC2\xB1 0.07 (n = 25)", "", "7.21 \xC2\xB1 2.43 (n = 25)", ""});
  table.rows.push_back({"paper: its filter", "0.81 \xC2\xB1 0.04 (n = 25)", "< 0.05",
                        "5.25 \xC2\xB1 2.35 (n = 25)", "< 0.05"});
  table.note =
      "HD95 has no value where a method leaves no tumour at all (n), which flatters it. p: paired Student t "
      "test against "
      "the network over the cases that both have, unadjusted, as in the paper; other tests, intervals "
      "and Holm's correction in the cohort's own table. " +
      honest_heading(reproduction);
  return table;
}

std::string honest_heading(const Reproduction& reproduction) {
  return reproduction.phantoms ? "Our figures are of phantoms, made-up patients, and can't be compared with "
                                 "the paper's in value: "
                                 "they show that the experiment runs and which way the filter works. " +
                                     reproduction.training
                               : reproduction.training;
}

}  // namespace hepar
