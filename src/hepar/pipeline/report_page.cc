// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/report_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/core/version.h"
#include "hepar/evaluation/evaluation_figures.h"
#include "hepar/evaluation/evaluation_json.h"
#include "hepar/evaluation/evaluation_tables.h"
#include "hepar/io/image_io.h"
#include "hepar/pipeline/paper_figures.h"
#include "hepar/pipeline/paper_tables.h"
#include "hepar/pipeline/provenance.h"
#include "hepar/pipeline/report_budget.h"
#include "hepar/volume/label_counts.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;

constexpr std::array<std::string_view, 2> kPaperMetrics{"dsc", "hd95_mm"};

ReportDocument empty_document(std::string title) {
  return {.title = std::move(title),
          .disclaimer = std::string(kDisclaimer),
          .banner = {},
          .summary = {},
          .cases = {},
          .provenance = {}};
}

ReportFigure page_figure(const EvaluationFigure& figure) {
  return {figure.caption, figure.alt_text, "image/svg+xml", figure.draw(PictureFormat::kSvg)};
}

void add_figures(const std::vector<EvaluationFigure>& figures, ReportSection& section) {
  for (const EvaluationFigure& figure : figures) section.figures.push_back(page_figure(figure));
}

void add_tables(std::vector<ReportTable> tables, ReportSection& section) {
  for (ReportTable& table : tables) section.tables.push_back(std::move(table));
}

std::string case_headline(const EvaluatedCase& c, const EvaluationOptions& options) {
  std::string text;
  for (std::size_t r = 0; r < options.regions.size(); ++r) {
    const RegionMetrics& metrics = c.regions[r].metrics;
    if (!metrics.dsc) continue;
    text += fmt::format("{}{} DSC {:.2f}", text.empty() ? "" : ", ", options.regions[r].name, *metrics.dsc);
    if (metrics.hd95_mm) text += fmt::format(" (HD95 {:.1f} mm)", *metrics.hd95_mm);
  }
  return text;
}

// All metrics of one case, a column for each region.
ReportTable one_case_table(const EvaluatedCase& c, const EvaluationOptions& options) {
  ReportTable table;
  table.columns = {"metric"};
  for (const RegionSpec& region : options.regions) table.columns.push_back(region.name);
  for (const MetricInfo& metric : metric_table()) {
    std::vector<std::string> row{*metric.unit == '\0' ? metric.title
                                                      : fmt::format("{} ({})", metric.title, metric.unit)};
    for (const RegionResult& region : c.regions) {
      row.push_back(metric_cell(metric, region.metrics.*metric.value));
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

// The method whose predictions are shown case by case: the last one that comes with lesions judged by Hepar,
// else the first.
const MethodResult& shown_method(const Evaluation& evaluation) {
  for (auto method = evaluation.methods.rbegin(); method != evaluation.methods.rend(); ++method) {
    if (fs::exists(method->cases.front().prediction.parent_path() / "lesions.json") &&
        method->cases.front().prediction.filename() == kLabelsFile) {
      return *method;
    }
  }
  return evaluation.methods.front();
}

void add_cases(const Evaluation& evaluation, const std::string& group, const CasePageLimits& limits,
               Progress* progress, ReportDocument& document) {
  const MethodResult& method = shown_method(evaluation);
  for (std::size_t n = 0; n < method.cases.size(); ++n) {
    report(progress, "cutting slices", static_cast<double>(n) / static_cast<double>(method.cases.size()));
    const EvaluatedCase& c = method.cases[n];
    CasePageSource source{.name = c.name,
                          .group = group,
                          .headline = case_headline(c, evaluation.options),
                          .ct = c.ct,
                          .prediction = c.prediction,
                          .reference = c.reference,
                          .evaluated = &c,
                          .options = evaluation.options,
                          .tables = {one_case_table(c, evaluation.options)}};
    document.cases.push_back(make_case_page(source, limits));
  }
  report(progress, "cutting slices", 1);
}

std::string methods_sentence(const Evaluation& evaluation) {
  std::string text;
  for (const MethodResult& method : evaluation.methods) {
    text += fmt::format("{}{} ({} cases)", text.empty() ? "" : ", ", method.name, method.cases.size());
  }
  return text + fmt::format("; slices and lesions below are those of {}.", shown_method(evaluation).name);
}

// Main figures of one evaluation.
ReportSection evaluation_section(const std::string& title, const Evaluation& evaluation) {
  ReportSection section{title, {methods_sentence(evaluation)}, {}, {}};
  for (const std::string& fault : evaluation.faults)
    section.paragraphs.push_back("Attention: " + fault + ".");
  for (const std::string& note : evaluation.notes) section.paragraphs.push_back(note + ".");
  section.tables.push_back(summary_table(evaluation, kPaperMetrics));
  if (evaluation.methods.size() > 1) section.tables.push_back(comparison_table(evaluation));
  add_tables(detection_tables(evaluation), section);
  add_tables(cohort_tables(evaluation), section);
  add_figures(evaluation_figures(evaluation), section);
  return section;
}

ReportDocument evaluation_document(const ReportRequest& request, Progress* progress) {
  const Evaluation evaluation =
      read_evaluation_json(read_text_file(request.folder / "evaluation.json"), request.folder);
  ReportDocument document = empty_document("Evaluation");
  document.summary.push_back(evaluation_section("Results", evaluation));
  const auto runs = read_runs(prediction_paths(shown_method(evaluation)));
  add_figures(time_figures(runs), document.summary.back());
  document.summary.push_back(
      {"All metrics", {}, {full_summary_table(evaluation), metric_definition_table()}, {}});
  add_cases(evaluation, "", request.limits, progress, document);
  document.provenance = provenance_tables(runs);
  return document;
}

ReportDocument reproduction_document(const ReportRequest& request, Progress* progress) {
  const Reproduction reproduction = read_reproduction(request.folder);
  ReportDocument document = empty_document("The paper's experiment, reproduced");
  document.banner = reproduction.phantoms ? "These are phantoms, made-up patients." : "";
  ReportSection tables{
      "Tables 1 and 2 of the paper",
      {"Lin et al., Gaussian filter facilitated deep learning-based architecture for accurate and "
       "efficient liver tumor segmentation for radiation therapy, Front. Oncol. 14:1423774, 2024.",
       honest_heading(reproduction)},
      {paper_table_1(reproduction), paper_table_2(reproduction)},
      {}};
  for (ReportTable& table : tables.tables) {  // once is enough on one page
    if (const auto at = table.note.find(honest_heading(reproduction)); at != std::string::npos)
      table.note.resize(at);
  }
  tables.paragraphs.insert(tables.paragraphs.end(), reproduction.notes.begin(), reproduction.notes.end());
  document.summary.push_back(std::move(tables));
  ReportSection figures{"Figures 3, 4 and 5", {}, {}, {}};
  add_figures(paper_figures(reproduction), figures);
  document.summary.push_back(std::move(figures));
  std::vector<NamedRun> runs;
  for (const ReproducedCohort& cohort : reproduction.cohorts) {
    document.summary.push_back(
        evaluation_section(fmt::format("Cohort {}: {}", cohort.key, cohort.title), cohort.evaluation));
    add_cases(cohort.evaluation, cohort.key, request.limits, progress, document);
    for (NamedRun& run : read_runs(prediction_paths(shown_method(cohort.evaluation)))) {
      run.first = cohort.key + " " + run.first;
      runs.push_back(std::move(run));
    }
  }
  add_figures(time_figures(runs), document.summary[1]);
  document.summary.push_back({"Metrics", {}, {metric_definition_table()}, {}});
  document.provenance = provenance_tables(runs);
  return document;
}

// Volumes of a result's label map in mL.
ReportTable volume_table(const LabelMap& labels) {
  const auto counts = count_labels(labels);
  const auto ml = [&](std::int64_t voxels) {
    return fmt::format("{:.1f}", static_cast<double>(voxels) * labels.geometry().voxel_volume_ml());
  };
  ReportTable table;
  table.caption = "Volumes";
  table.columns = {"structure", "mL"};
  table.rows = {{"liver, with all that is in it", ml(counts[kLiver] + counts[kTumour] + counts[kCyst])},
                {"tumour", ml(counts[kTumour])},
                {"cyst", ml(counts[kCyst])}};
  return table;
}

ReportDocument case_document(const ReportRequest& request) {
  const fs::path labels = request.folder / kLabelsFile;
  const auto runs = read_runs({{"this case", labels}});
  fs::path ct = request.ct;
  if (ct.empty() && !runs.empty() && runs.front().second.input("ct") != nullptr) {
    ct = runs.front().second.input("ct")->path;
  }
  const std::string name = last_name(request.folder);
  ReportDocument document = empty_document("Liver, tumours and cysts: " + name);
  CasePageSource source{.name = name,
                        .group = {},
                        .headline = {},
                        .ct = ct,
                        .prediction = labels,
                        .reference = {},
                        .options = {},
                        .tables = {}};
  ReportCase page = make_case_page(source, request.limits);
  if (ct.empty()) page.notes.emplace_back("the CT is not known, so there are no slices; name it with --ct");
  std::array<int, 4> counts{};
  constexpr std::array<const char*, 4> kVerdicts{"tumour", "cyst", "doubtful", "opened"};
  for (const ReportLesion& lesion : page.lesions) {
    for (std::size_t n = 0; n < kVerdicts.size(); ++n) counts[n] += lesion.verdict == kVerdicts[n] ? 1 : 0;
  }
  document.summary.push_back({"Result",
                              {fmt::format("{} regions called tumour, {} called cyst, {} doubtful. Doubtful "
                                           "ones stay in the tumour contour: look "
                                           "at them.",
                                           counts[0], counts[1], counts[2])},
                              {volume_table(read_labels(labels).voxels)},
                              {}});
  document.cases.push_back(std::move(page));
  document.provenance = provenance_tables(runs);
  return document;
}

}  // namespace

ReportDocument report_document(const ReportRequest& request, Progress* progress) {
  if (!fs::is_directory(request.folder)) {
    throw Error(ErrorCode::kMissing, fmt::format("there is no folder {}", request.folder.string()));
  }
  ReportDocument document;
  if (fs::exists(request.folder / "reproduction.json")) {
    document = reproduction_document(request, progress);
  } else if (fs::exists(request.folder / "evaluation.json")) {
    document = evaluation_document(request, progress);
  } else if (fs::exists(request.folder / "lesions.json")) {
    document = case_document(request);
  } else {
    throw Error(
        ErrorCode::kInvalidInput,
        fmt::format("{} holds no reproduction.json, evaluation.json or lesions.json; give a folder that "
                    "`hepar reproduce`, `evaluate`, `segment` or `filter` wrote",
                    request.folder.string()));
  }
  fit_page(document, static_cast<std::size_t>(request.most_mb * 1e6));
  return document;
}

fs::path write_report_page(const ReportRequest& request, Progress* progress) {
  const fs::path page = request.page.empty() ? request.folder / "report.html" : request.page;
  write_report(page, report_document(request, progress));
  return page;
}

}  // namespace hepar
