// SPDX-License-Identifier: Apache-2.0
#include "hepar/evaluation/evaluation_tables.h"

#include <fmt/format.h>

#include <algorithm>

#include "hepar/metrics/cohort_metrics.h"
#include "hepar/numeric/statistics.h"

namespace hepar {
namespace {

using Row = std::vector<std::string>;

std::string count(std::int64_t n) { return std::to_string(n); }

std::string percent(const std::optional<double>& share) {
  return share ? fmt::format("{:.0f} %", 100 * *share) : "-";
}

std::string fixed(const std::optional<double>& value, int digits) {
  return value ? fmt::format("{:.{}f}", *value, digits) : "-";
}

Row summary_row(const MethodResult& method, const RegionSpec& region, std::size_t index,
                const MetricInfo& metric) {
  const Summary s = summarise(metric_values(method, index, metric.value));
  Row row{method.name, region.name, metric_label(metric), count(s.n)};
  for (const auto& value : {s.mean, s.sd, s.min, s.q1, s.median, s.q3, s.max}) {
    row.push_back(metric_cell(metric, value));
  }
  return row;
}

ReportTable summary_of(const Evaluation& evaluation, const std::vector<const MetricInfo*>& metrics) {
  ReportTable table;
  table.caption = "Over the cases";
  table.columns = {"method", "region", "metric", "n", "mean", "SD", "min", "Q1", "median", "Q3", "max"};
  table.text_columns = 3;
  table.note = "n: cases in which the metric is defined.";
  for (const MethodResult& method : evaluation.methods) {
    for (std::size_t r = 0; r < evaluation.options.regions.size(); ++r) {
      for (const MetricInfo* metric : metrics) {
        Row row = summary_row(method, evaluation.options.regions[r], r, *metric);
        if (row[3] != "0") table.rows.push_back(std::move(row));
      }
    }
  }
  return table;
}

std::string mean_and_sd(const MetricInfo& metric, const std::optional<double>& mean,
                        const std::optional<double>& sd) {
  return metric_cell(metric, mean) + " \xC2\xB1 " + metric_cell(metric, sd);  // plus-minus
}

Row comparison_row(const MethodComparison& row) {
  const PairedComparison& c = row.statistics;
  const MetricInfo& metric = *row.metric;
  std::string difference = metric_cell(metric, c.mean_difference);
  if (c.bootstrap_interval) {
    difference += fmt::format(" [{}, {}]", metric_cell(metric, c.bootstrap_interval->low),
                              metric_cell(metric, c.bootstrap_interval->high));
  }
  const auto t_p = c.t_test ? std::optional(c.t_test->p_two_sided) : std::nullopt;
  const auto w_p = c.wilcoxon ? std::optional(c.wilcoxon->p_two_sided) : std::nullopt;
  return {row.region,
          metric_label(metric),
          row.second,
          count(c.n),
          mean_and_sd(metric, c.before.mean, c.before.sd),
          mean_and_sd(metric, c.after.mean, c.after.sd),
          difference,
          fixed(c.t_test ? std::optional(c.t_test->t) : std::nullopt, 2),
          p_cell(t_p),
          p_cell(row.t_p_holm),
          p_cell(w_p),
          p_cell(row.wilcoxon_p_holm),
          fixed(c.effect ? std::optional(c.effect->d_z) : std::nullopt, 2)};
}

void add_detection_rows(const std::string& method, const DetectionCounts& counts, const std::string& size,
                        std::size_t cases, ReportTable& table) {
  table.rows.push_back(
      {method, size, count(counts.references), count(counts.detected), percent(counts.recall()),
       count(counts.predictions), count(counts.false_positives), percent(counts.precision()),
       fixed(counts.f1(), 2),
       fmt::format("{:.2f}", static_cast<double>(counts.false_positives) / static_cast<double>(cases))});
}

// One decimal less than the paper's two for a share that is printed as a number.
int digits_of(const MetricInfo& metric) { return *metric.unit == '\0' ? 3 : 2; }

}  // namespace

std::string metric_cell(const MetricInfo& metric, const std::optional<double>& value) {
  return fixed(value, digits_of(metric));
}

std::string p_cell(const std::optional<double>& p) {
  if (!p) return "-";
  return *p < 0.001 ? "< 0.001" : fmt::format("{:.3f}", *p);
}

ReportTable summary_table(const Evaluation& evaluation, std::span<const std::string_view> metrics) {
  std::vector<const MetricInfo*> chosen;
  for (const std::string_view key : metrics) chosen.push_back(find_metric(key));
  return summary_of(evaluation, chosen);
}

ReportTable full_summary_table(const Evaluation& evaluation) {
  std::vector<const MetricInfo*> all;
  for (const MetricInfo& metric : metric_table()) all.push_back(&metric);
  return summary_of(evaluation, all);
}

ReportTable case_table(const Evaluation& evaluation, std::span<const std::string_view> metrics) {
  ReportTable table;
  table.caption = "Case by case";
  table.columns = {"case", "method"};
  table.text_columns = 2;
  std::vector<std::pair<std::size_t, const MetricInfo*>> shown;  // region and metric of each column
  for (std::size_t r = 0; r < evaluation.options.regions.size(); ++r) {
    for (const std::string_view key : metrics) {
      const MetricInfo* metric = find_metric(key);
      const auto has_value = [&](const MethodResult& method) {
        return !metric_values(method, r, metric->value).empty();
      };
      if (std::none_of(evaluation.methods.begin(), evaluation.methods.end(), has_value)) continue;
      shown.emplace_back(r, metric);
      table.columns.push_back(evaluation.options.regions[r].name + " " + metric_label(*metric));
    }
  }
  for (const MethodResult& method : evaluation.methods) {
    for (const EvaluatedCase& c : method.cases) {
      Row row{c.name, method.name};
      for (const auto& [region, metric] : shown) {
        row.push_back(metric_cell(*metric, c.regions[region].metrics.*metric->value));
      }
      table.rows.push_back(std::move(row));
    }
  }
  std::stable_sort(table.rows.begin(), table.rows.end(),
                   [](const Row& a, const Row& b) { return a.front() < b.front(); });
  return table;
}

ReportTable comparison_table(const Evaluation& evaluation) {
  ReportTable table;
  const std::string& first = evaluation.methods.front().name;
  table.caption = fmt::format("Compared with {}, case by case", first);
  table.columns = {
      "region", "metric", "method",       "n",    first, "method's", "difference [95 % interval]", "t",
      "p (t)",  "Holm",   "p (Wilcoxon)", "Holm", "d_z"};
  table.text_columns = 3;
  table.note =
      "Over the cases where both are defined. Interval: bias-corrected and accelerated bootstrap of the mean "
      "difference. Holm: p adjusted over this region's metrics. d_z: mean difference over its SD.";
  std::vector<std::string> warnings;
  std::size_t alike = 0;
  for (const MethodComparison& row : compare_methods(evaluation)) {
    if (!row.statistics.wilcoxon) {  // no pair differs
      ++alike;
      continue;
    }
    table.rows.push_back(comparison_row(row));
    for (const std::string& warning : row.statistics.warnings) {
      if (std::find(warnings.begin(), warnings.end(), warning) == warnings.end()) warnings.push_back(warning);
    }
  }
  if (table.rows.empty()) {
    table.note = "No case differs between the methods.";
  } else if (alike > 0) {
    table.note += fmt::format(" Left out: {} comparisons in which no case differs.", alike);
  }
  for (const std::string& warning : warnings) table.note.append(" ").append(warning);
  return table;
}

std::vector<ReportTable> detection_tables(const Evaluation& evaluation) {
  const EvaluationOptions& options = evaluation.options;
  std::vector<ReportTable> tables;
  for (std::size_t r = 0; r < options.regions.size(); ++r) {
    if (!options.counts_lesions(options.regions[r])) continue;
    ReportTable table;
    table.caption = fmt::format("Lesion by lesion: {}", options.regions[r].name);
    table.columns = {"method",    "diameter",        "lesions",   "found", "recall",
                     "predicted", "false positives", "precision", "F1",    "false positives per case"};
    table.text_columns = 2;
    table.note = fmt::format(
        "A lesion is found when {}. Its size class is that of the ball of its volume.",
        options.min_iou > 0
            ? fmt::format(
                  "its overlap (intersection over union) with the predicted lesions that lie mostly on "
                  "it is {:g} or more",
                  options.min_iou)
            : "a predicted lesion shares a voxel with it");
    for (const MethodResult& method : evaluation.methods) {
      DetectionSummary lesions;
      for (const EvaluatedCase& c : method.cases) lesions += c.regions[r].lesions->summary();
      if (lesions.all.references + lesions.all.predictions == 0) continue;
      add_detection_rows(method.name, lesions.all, "all", method.cases.size(), table);
      for (std::size_t size = 0; size < kLesionSizeClasses.size(); ++size) {
        if (lesions.by_size[size].references + lesions.by_size[size].predictions == 0) continue;
        add_detection_rows(method.name, lesions.by_size[size], kLesionSizeClasses[size].name,
                           method.cases.size(), table);
      }
    }
    if (!table.rows.empty()) tables.push_back(std::move(table));
  }
  return tables;
}

std::vector<ReportTable> cohort_tables(const Evaluation& evaluation) {
  const auto liver = evaluation.options.find_region("liver");
  const auto tumour = evaluation.options.find_region("tumour");
  if (!liver || !tumour) return {};
  ReportTable table;
  table.caption = "Over the cohort, as in LiTS";
  table.columns = {
      "method", "region", "Dice per case", "Dice global", "burden error, RMS", "burden error, largest"};
  table.text_columns = 2;
  table.note =
      "Dice per case: mean over the cases. Dice global: all voxels together. Tumour burden: tumour volume "
      "over "
      "liver volume.";
  for (const MethodResult& method : evaluation.methods) {
    std::vector<RegionMetrics> livers, tumours;
    std::vector<TumourBurden> burdens;
    for (const EvaluatedCase& c : method.cases) {
      livers.push_back(c.regions[*liver].metrics);
      tumours.push_back(c.regions[*tumour].metrics);
      burdens.push_back(tumour_burden(livers.back(), tumours.back()));
    }
    const BurdenError burden = burden_error(burdens);
    table.rows.push_back(
        {method.name, "liver", fixed(dice_per_case(livers), 3), fixed(dice_global(livers), 3), "", ""});
    table.rows.push_back({method.name, "tumour", fixed(dice_per_case(tumours), 3),
                          fixed(dice_global(tumours), 3), fixed(burden.rmse, 4), fixed(burden.max_size, 4)});
  }
  return {table};
}

ReportTable metric_definition_table() {
  ReportTable table;
  table.caption = "Metrics";
  table.columns = {"metric", "unit", "definition", "source"};
  table.text_columns = 4;
  for (const MetricInfo& metric : metric_table()) {
    table.rows.push_back(
        {fmt::format("{} ({})", metric.title, metric.key), metric.unit, metric.definition, metric.source});
  }
  return table;
}

}  // namespace hepar
