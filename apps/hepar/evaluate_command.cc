// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "case_options.h"
#include "command.h"
#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/evaluation/evaluation_json.h"
#include "hepar/evaluation/evaluation_output.h"
#include "hepar/metrics/metric_table.h"
#include "hepar/pipeline/evaluate.h"

namespace hepar {
namespace {

// What the command line says, before it becomes an EvaluateRequest.
struct EvaluateArguments {
  std::filesystem::path prediction, comparison;
  std::string name, comparison_name;
  bool before_filter = false, strict = false;
  std::vector<std::string> regions, lesion_regions, rois;
  EvaluateRequest request;
};

void bind(CLI::App& app, EvaluateArguments& arguments) {
  EvaluateRequest& request = arguments.request;
  app.add_option("prediction", arguments.prediction,
                 "Label map, RTSTRUCT or SEG, or a folder of them or of cases' folders")
      ->required();
  app.add_option("reference", request.reference,
                 "Label map, RTSTRUCT or SEG, or a folder with the same names")
      ->required();
  app.add_option("-o,--output", request.output,
                 "Folder for evaluation.json, CSV files, tables (Markdown, LaTeX) and figures (SVG, PNG)");
  CLI::Option* compare = app.add_option("--compare", arguments.comparison,
                                        "A second set of predictions, compared with the first case by case");
  app.add_flag(
         "--before-filter", arguments.before_filter,
         "Compare the results of `segment` or `filter` with what the network gave before the lesion filter")
      ->excludes(compare);
  app.add_option("--name", arguments.name, "What tables call the prediction; default: its folder's name");
  app.add_option("--compare-name", arguments.comparison_name, "... and the comparison");
  app.add_option("--region", arguments.regions,
                 "NAME=LABEL,LABEL: a structure made of these labels; several times. Default: liver=1,2,3 "
                 "tumour=2 cyst=3");
  app.add_option("--lesions", arguments.lesion_regions,
                 "Regions that are also counted lesion by lesion; default: tumour cyst");
  app.add_option("--min-iou", request.options.min_iou,
                 "Overlap (intersection over union) from which a lesion counts as found; 0: any common voxel")
      ->capture_default_str();
  app.add_option("--tolerance-mm", request.options.metrics.surface_tolerance_mm,
                 "Tolerance of the surface Dice")
      ->capture_default_str();
  app.add_option("--images", request.images,
                 "Folder with the CTs, for pictures and for the grid when RTSTRUCT or SEG are on both sides; "
                 "default: imagesTr beside labelsTr, or what `segment` noted");
  bind_roi_labels(app, arguments.rois);
  app.add_flag("--strict", arguments.strict,
               "Exit with 2 when a case could not be compared or a label belongs to no region");
}

EvaluateRequest resolved(const EvaluateArguments& arguments) {
  EvaluateRequest request = arguments.request;
  if (!arguments.regions.empty()) {
    request.options.regions.clear();
    for (const std::string& text : arguments.regions) request.options.regions.push_back(parse_region(text));
  }
  if (!arguments.lesion_regions.empty()) request.options.lesion_regions = arguments.lesion_regions;
  request.rois = roi_labels(arguments.rois);
  const auto named = [](const std::string& name, const std::string& otherwise) {
    return name.empty() ? otherwise : name;
  };
  const std::string prediction = last_name(arguments.prediction);
  if (arguments.before_filter) {
    request.methods = {{named(arguments.comparison_name, "before the filter"), arguments.prediction,
                        std::string(kUnfilteredFile)},
                       {named(arguments.name, "after the filter"), arguments.prediction}};
  } else if (arguments.comparison.empty()) {
    request.methods = {{named(arguments.name, prediction), arguments.prediction}};
  } else {
    std::string comparison = last_name(arguments.comparison);
    if (comparison == prediction) comparison += " (2)";
    request.methods = {{named(arguments.name, prediction), arguments.prediction},
                       {named(arguments.comparison_name, comparison), arguments.comparison}};
  }
  return request;
}

void run(const EvaluateArguments& arguments, Console& console) {
  const EvaluateRequest request = resolved(arguments);
  const Evaluation evaluation = evaluate_cohort(request, &console);
  for (const std::string& note : evaluation.notes) console.note(note);
  for (const std::string& fault : evaluation.faults) console.note(fault);
  if (console.json) console.result(evaluation_json(evaluation, request.output));
  console.say(evaluation_text(evaluation));
  if (!request.output.empty()) {
    console.say(fmt::format("written to {0}\nNext: hepar report {0}", request.output.string()));
  }
  if (arguments.strict && !evaluation.faults.empty()) {
    throw Error(ErrorCode::kInvalidInput, fmt::format("--strict: {} things were wrong, the first: {}",
                                                      evaluation.faults.size(), evaluation.faults.front()));
  }
}

// One line per metric for --help.
std::vector<std::string> metric_definitions() {
  std::vector<std::string> lines{"Metrics (P prediction, R reference):"};
  for (const MetricInfo& metric : metric_table()) {
    lines.push_back(fmt::format("{}{}: {} {}", metric.key,
                                *metric.unit == '\0' ? "" : fmt::format(" ({})", metric.unit),
                                metric.definition, metric.source));
  }
  return lines;
}

}  // namespace

Command make_evaluate_command() {
  auto arguments = std::make_shared<EvaluateArguments>();
  return {.name = "evaluate",
          .summary = "Compare label maps with a reference: metrics, statistics, tables, figures.",
          .sources = {"Tables: Lin et al., Front. Oncol. 14:1423774, 2024"},
          .bind = [arguments](CLI::App& app) { bind(app, *arguments); },
          .run = [arguments](Console& console) { run(*arguments, console); },
          .definitions = metric_definitions()};
}

}  // namespace hepar
