// SPDX-License-Identifier: Apache-2.0
#include "hepar/evaluation/evaluation_figures.h"

#include <fmt/format.h>

#include "hepar/core/file.h"
#include "hepar/figures/bland_altman.h"
#include "hepar/figures/box_plot.h"
#include "hepar/metrics/metric_table.h"

namespace hepar {
namespace {

constexpr std::size_t kFewestPoints = 2;  // for limits of agreement

std::string group_name(const Evaluation& evaluation, const MethodResult& method, const RegionSpec& region) {
  return evaluation.methods.size() == 1 ? region.name : fmt::format("{}, {}", region.name, method.name);
}

void add_box_plot(const Evaluation& evaluation, std::string_view key,
                  std::vector<EvaluationFigure>& figures) {
  const MetricInfo& metric = *find_metric(key);
  BoxPlot plot;
  plot.title = metric.title;
  plot.y_label = metric_label(metric);
  for (std::size_t r = 0; r < evaluation.options.regions.size(); ++r) {
    for (const MethodResult& method : evaluation.methods) {
      std::vector<double> values = metric_values(method, r, metric.value);
      if (values.empty()) continue;
      plot.groups.push_back(
          {group_name(evaluation, method, evaluation.options.regions[r]), std::move(values)});
    }
  }
  if (plot.groups.empty()) return;
  if (key == "dsc") plot.low = 0, plot.high = 1;
  std::string caption = fmt::format(
      "{} by structure. Box: quartiles; line: median; whiskers: the last case within 1.5 box heights.",
      metric.title);
  figures.push_back({fmt::format("box_{}", metric.key), caption, "Box plot of " + std::string(metric.title),
                     [plot = std::move(plot)](PictureFormat format) { return draw_box_plot(plot, format); }});
}

void add_agreement(const Evaluation& evaluation, const MethodResult& method, std::size_t region,
                   std::vector<EvaluationFigure>& figures) {
  const std::string& name = evaluation.options.regions[region].name;
  AgreementPlot plot;
  plot.title = evaluation.methods.size() == 1 ? fmt::format("Volume: {}", name)
                                              : fmt::format("Volume: {}, {}", name, method.name);
  plot.quantity = "volume";
  plot.unit = "mL";
  for (const EvaluatedCase& c : method.cases) {
    const RegionMetrics& metrics = c.regions[region].metrics;
    if (metrics.prediction_voxels + metrics.reference_voxels == 0) continue;
    plot.points.push_back({c.name, *metrics.volume_ml, *metrics.reference_ml});
  }
  if (plot.points.size() < kFewestPoints) return;
  std::string stem = fmt::format("agreement_{}", name);
  if (evaluation.methods.size() > 1) {
    stem += fmt::format("_{}", &method - evaluation.methods.data() + 1);
  }
  figures.push_back(
      {stem,
       fmt::format("Agreement of the volumes of {} ({}): difference to the reference against the "
                   "mean of both, with bias and limits of agreement (1.96 SD).",
                   name, method.name),
       "Bland-Altman plot of the volumes of " + name,
       [plot = std::move(plot)](PictureFormat format) { return draw_bland_altman(plot, format); }});
}

}  // namespace

std::vector<EvaluationFigure> evaluation_figures(const Evaluation& evaluation) {
  std::vector<EvaluationFigure> figures;
  for (const char* key : {"dsc", "hd95_mm"}) add_box_plot(evaluation, key, figures);
  for (std::size_t r = 0; r < evaluation.options.regions.size(); ++r) {
    for (const MethodResult& method : evaluation.methods) add_agreement(evaluation, method, r, figures);
  }
  return figures;
}

void write_figures(const std::vector<EvaluationFigure>& figures, const std::filesystem::path& folder) {
  for (const EvaluationFigure& figure : figures) {
    write_text_file(folder / (figure.stem + ".svg"), figure.draw(PictureFormat::kSvg));
    write_text_file(folder / (figure.stem + ".png"), figure.draw(PictureFormat::kPng));
  }
}

}  // namespace hepar
