// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/provenance.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "hepar/figures/stage_times.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;

using Row = std::vector<std::string>;

constexpr std::size_t kShownDigits = 16;  // of a hash: enough to tell files apart
constexpr std::array kStages{"read", "network", "filter", "draw", "write"};

std::string short_hash(const RunInput* input) {
  return input == nullptr ? "-" : input->sha256.substr(0, kShownDigits);
}

double seconds_of(const RunRecord& run, const char* stage) {
  const auto found = run.timings_s.find(stage);
  return found == run.timings_s.end() ? 0 : found->second;
}

std::string joined(const std::map<std::string, std::string>& options) {
  std::string text;
  for (const auto& [name, value] : options)
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, value);
  return text;
}

// The values of a property over all runs, each once.
template <class Property>
std::string distinct(const std::vector<NamedRun>& runs, const Property& property) {
  std::vector<std::string> values;
  for (const auto& [name, run] : runs) {
    const std::string value = property(run);
    if (!value.empty() && std::find(values.begin(), values.end(), value) == values.end())
      values.push_back(value);
  }
  std::string text;
  for (const std::string& value : values) text += (text.empty() ? "" : "; ") + value;
  return text;
}

ReportTable setting_table(const std::vector<NamedRun>& runs) {
  ReportTable table;
  table.caption = "Software, model and options";
  table.columns = {"what", "value"};
  table.text_columns = 2;
  const auto add = [&](const char* what, const auto& property) {
    if (std::string value = distinct(runs, property); !value.empty())
      table.rows.push_back({what, std::move(value)});
  };
  add("Hepar", [](const RunRecord& run) { return run.hepar_version; });
  add("Command", [](const RunRecord& run) { return run.command; });
  add("Model", [](const RunRecord& run) {
    const RunInput* model = run.input("model");
    return model == nullptr ? ""
                            : fmt::format("{}, SHA-256 {}", model->path.filename().string(), model->sha256);
  });
  add("Model card", [](const RunRecord& run) { return run.model_summary; });
  add("Options", [](const RunRecord& run) { return joined(run.options); });
  return table;
}

ReportTable case_runs_table(const std::vector<NamedRun>& runs) {
  ReportTable table;
  table.caption = "Inputs and seconds";
  table.columns = {"case", "finished (UTC)", "CT", "labels"};
  table.columns.insert(table.columns.end(), kStages.begin(), kStages.end());
  table.text_columns = 4;
  table.note = fmt::format(
      "Inputs: the first {} digits of the SHA-256 of the file; of a folder, of its files' sorted "
      "digests.",
      kShownDigits);
  for (const auto& [name, run] : runs) {
    Row row{name, run.date_utc, short_hash(run.input("ct")), short_hash(run.input("labels"))};
    for (const char* stage : kStages) row.push_back(fmt::format("{:.2f}", seconds_of(run, stage)));
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace

std::vector<NamedRun> read_runs(const std::vector<NamedPath>& predictions) {
  std::vector<NamedRun> runs;
  for (const auto& [name, prediction] : predictions) {
    if (auto run = read_run_record(prediction.parent_path())) runs.emplace_back(name, std::move(*run));
  }
  return runs;
}

std::vector<NamedPath> prediction_paths(const MethodResult& method) {
  std::vector<NamedPath> paths;
  for (const EvaluatedCase& c : method.cases) paths.emplace_back(c.name, c.prediction);
  return paths;
}

std::vector<ReportTable> provenance_tables(const std::vector<NamedRun>& runs) {
  if (runs.empty()) return {};
  return {setting_table(runs), case_runs_table(runs)};
}

std::vector<EvaluationFigure> time_figures(const std::vector<NamedRun>& runs) {
  if (runs.empty()) return {};
  StageTimes times{"Time per stage", {kStages.begin(), kStages.end()}, {}};
  for (const auto& [name, run] : runs) {
    CaseTimes& one = times.cases.emplace_back(CaseTimes{name, {}});
    for (const char* stage : kStages) one.seconds.push_back(seconds_of(run, stage));
  }
  return {{"stage_times", "Where the time goes, in seconds of wall clock.", "Time per stage and case",
           [times = std::move(times)](PictureFormat format) { return draw_stage_times(times, format); }}};
}

}  // namespace hepar
