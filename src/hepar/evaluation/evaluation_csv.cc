// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "hepar/evaluation/evaluation_tables.h"
#include "hepar/numeric/statistics.h"
#include "hepar/report/table_text.h"

namespace hepar {
namespace {

using Row = std::vector<std::string>;

// The shortest digits that give the same double again; nothing when undefined.
std::string exact(const std::optional<double>& value) { return value ? fmt::format("{}", *value) : ""; }

std::string yes_no(bool value) { return value ? "yes" : "no"; }

void add_place(Vec3 place_mm, Row& row) {
  for (const double coordinate : {place_mm.x, place_mm.y, place_mm.z}) row.push_back(exact(coordinate));
}

void add_lesions(const LesionDetection& lesions, const Row& head, std::vector<Row>& rows) {
  const auto begin_row = [&](const char* kind, double volume_ml, double diameter_mm, Vec3 centroid_lps_mm) {
    Row row = head;
    row.insert(row.end(), {kind, exact(volume_ml), exact(diameter_mm)});
    add_place(centroid_lps_mm, row);
    return row;
  };
  for (const ReferenceLesion& lesion : lesions.references) {
    Row row = begin_row("reference", lesion.volume_ml, lesion.diameter_mm, lesion.centroid_lps_mm);
    row.insert(row.end(), {yes_no(lesion.detected), exact(lesion.iou)});
    rows.push_back(std::move(row));
  }
  for (const PredictedLesion& lesion : lesions.predictions) {
    Row row = begin_row("predicted", lesion.volume_ml, lesion.diameter_mm, lesion.centroid_lps_mm);
    row.insert(row.end(), {yes_no(lesion.true_positive), ""});
    rows.push_back(std::move(row));
  }
}

}  // namespace

std::string cases_csv(const Evaluation& evaluation) {
  Row columns{"method", "case", "region"};
  for (const MetricInfo& metric : metric_table()) columns.emplace_back(metric.key);
  std::vector<Row> rows;
  for (const MethodResult& method : evaluation.methods) {
    for (const EvaluatedCase& c : method.cases) {
      for (std::size_t r = 0; r < c.regions.size(); ++r) {
        Row row{method.name, c.name, evaluation.options.regions[r].name};
        for (const MetricInfo& metric : metric_table()) {
          row.push_back(exact(c.regions[r].metrics.*metric.value));
        }
        rows.push_back(std::move(row));
      }
    }
  }
  return csv_table(columns, rows);
}

std::string lesions_csv(const Evaluation& evaluation) {
  std::vector<Row> rows;
  for (const MethodResult& method : evaluation.methods) {
    for (const EvaluatedCase& c : method.cases) {
      for (std::size_t r = 0; r < c.regions.size(); ++r) {
        if (!c.regions[r].lesions) continue;
        add_lesions(*c.regions[r].lesions, {method.name, c.name, evaluation.options.regions[r].name}, rows);
      }
    }
  }
  return csv_table({"method", "case", "region", "kind", "volume_ml", "diameter_mm", "x_lps_mm", "y_lps_mm",
                    "z_lps_mm", "matched", "iou"},
                   rows);
}

std::string summary_csv(const Evaluation& evaluation) {
  std::vector<Row> rows;
  for (const MethodResult& method : evaluation.methods) {
    for (std::size_t r = 0; r < evaluation.options.regions.size(); ++r) {
      for (const MetricInfo& metric : metric_table()) {
        const Summary s = summarise(metric_values(method, r, metric.value));
        rows.push_back({method.name, evaluation.options.regions[r].name, metric.key, std::to_string(s.n),
                        exact(s.mean), exact(s.sd), exact(s.min), exact(s.q1), exact(s.median), exact(s.q3),
                        exact(s.max)});
      }
    }
  }
  return csv_table({"method", "region", "metric", "n", "mean", "sd", "min", "q1", "median", "q3", "max"},
                   rows);
}

std::string comparisons_csv(const Evaluation& evaluation) {
  std::vector<Row> rows;
  for (const MethodComparison& row : compare_methods(evaluation)) {
    const PairedComparison& c = row.statistics;
    Row cells{row.region,          row.metric->key,      row.first,           row.second,
              std::to_string(c.n), exact(c.before.mean), exact(c.after.mean), exact(c.mean_difference)};
    const auto add = [&](const auto& optional, auto member) {
      cells.push_back(optional ? exact((*optional).*member) : "");
    };
    add(c.bootstrap_interval, &Interval::low);
    add(c.bootstrap_interval, &Interval::high);
    add(c.t_test, &PairedTTest::t);
    add(c.t_test, &PairedTTest::p_two_sided);
    cells.push_back(exact(row.t_p_holm));
    add(c.wilcoxon, &WilcoxonTest::p_two_sided);
    cells.push_back(exact(row.wilcoxon_p_holm));
    add(c.wilcoxon, &WilcoxonTest::rank_biserial);
    add(c.effect, &PairedEffect::d_z);
    rows.push_back(std::move(cells));
  }
  return csv_table({"region", "metric", "first", "second", "n", "mean_first", "mean_second",
                    "mean_difference", "bootstrap_95_low", "bootstrap_95_high", "t", "t_p", "t_p_holm",
                    "wilcoxon_p", "wilcoxon_p_holm", "rank_biserial", "d_z"},
                   rows);
}

}  // namespace hepar
