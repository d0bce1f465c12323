// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/evaluate.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "hepar/core/error.h"
#include "hepar/io/image_io.h"
#include "hepar/numeric/statistics.h"
#include "hepar/pipeline/filter.h"
#include "hepar/volume/reorient.h"

namespace hepar {
namespace fs = std::filesystem;
using nlohmann::ordered_json;
namespace {

using Structure = RegionMetrics CaseMetrics::*;
constexpr std::array<std::pair<const char*, Structure>, 3> kStructures{
    {{"liver", &CaseMetrics::liver}, {"tumour", &CaseMetrics::tumour}, {"cyst", &CaseMetrics::cyst}}};

// The order of the columns in every output.
constexpr std::array kMetricNames{
    "dsc",     "hd_mm",     "hd95_mm",     "hd95_pooled_mm", "hd95_area_weighted_mm",
    "assd_mm", "volume_ml", "reference_ml"};

std::string without_suffix(const fs::path& file) {
  const std::string name = file.filename().string();
  for (const char* suffix : {".nii.gz", ".nii", ".nrrd", ".nhdr", ".mha", ".mhd"}) {
    if (name.ends_with(suffix)) return name.substr(0, name.size() - std::string_view(suffix).size());
  }
  return {};
}

// Case name -> label map of a folder.
std::map<std::string, fs::path> label_files(const fs::path& folder) {
  std::map<std::string, fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const fs::path inner = entry.path() / "labels.nii.gz";
    if (entry.is_directory() && fs::exists(inner)) files[entry.path().filename().string()] = inner;
    if (!entry.is_directory() && !without_suffix(entry.path()).empty()) {
      files[without_suffix(entry.path())] = entry.path();
    }
  }
  return files;
}

struct Pair {
  std::string name;
  fs::path prediction, reference;
};

std::vector<Pair> pair_files(const fs::path& prediction, const fs::path& reference,
                             std::vector<std::string>& notes) {
  for (const auto& path : {prediction, reference}) {
    if (!fs::exists(path)) throw Error(ErrorCode::kMissing, fmt::format("there is no {}", path.string()));
  }
  if (fs::is_directory(prediction) != fs::is_directory(reference)) {
    throw Error(ErrorCode::kInvalidInput, "give two label maps or two folders, not one of each");
  }
  if (!fs::is_directory(prediction)) return {{without_suffix(prediction), prediction, reference}};
  const auto predictions = label_files(prediction), references = label_files(reference);
  std::vector<Pair> pairs;
  for (const auto& [name, file] : predictions) {
    const auto found = references.find(name);
    if (found == references.end()) {
      notes.push_back(fmt::format("{} has no reference and was left out", name));
    } else {
      pairs.push_back({name, file, found->second});
    }
  }
  for (const auto& [name, file] : references) {
    if (!predictions.contains(name))
      notes.push_back(fmt::format("{} has no prediction and was left out", name));
  }
  if (pairs.empty()) {
    throw Error(
        ErrorCode::kInvalidInput,
        fmt::format("no case of {} ({} label maps) has a partner of the same name in {} ({} label maps)",
                    prediction.string(), predictions.size(), reference.string(), references.size()));
  }
  return pairs;
}

void check_values(const LabelMap& labels, const char* which) {
  const auto voxels = labels.voxels();
  const std::uint8_t largest = *std::max_element(voxels.begin(), voxels.end());
  if (largest > kCyst) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("the {} holds label {}; 0 background, 1 liver, 2 tumour and 3 cyst are known",
                            which, largest));
  }
}

Summary summary_of(const Evaluation& evaluation, Structure structure, const char* metric) {
  std::vector<double> values;
  for (const CaseMetrics& c : evaluation.cases) {
    const auto all = values_of(c.*structure);
    if (const auto found = all.find(metric); found != all.end()) values.push_back(found->second);
  }
  return summarise(values);
}

ordered_json number(const std::optional<double>& value) {
  return value ? ordered_json(*value) : ordered_json();
}

ordered_json region_json(const RegionMetrics& metrics) {
  const auto values = values_of(metrics);
  ordered_json document;
  for (const char* name : kMetricNames) {
    const auto found = values.find(name);
    document[name] = found == values.end() ? ordered_json() : ordered_json(found->second);
  }
  return document;
}

std::string cell(const std::optional<double>& value) { return value ? fmt::format("{:.3f}", *value) : "-"; }

}  // namespace

std::map<std::string, double> values_of(const RegionMetrics& metrics) {
  const std::array<std::pair<const char*, std::optional<double>>, 8> all{
      {{"dsc", metrics.dsc},
       {"hd_mm", metrics.hd_mm},
       {"hd95_mm", metrics.hd95_mm},
       {"hd95_pooled_mm", metrics.hd95_pooled_mm},
       {"hd95_area_weighted_mm", metrics.hd95_area_weighted_mm},
       {"assd_mm", metrics.assd_mm},
       {"volume_ml", metrics.volume_ml},
       {"reference_ml", metrics.reference_ml}}};
  std::map<std::string, double> values;
  for (const auto& [name, value] : all) {
    if (value) values[name] = *value;
  }
  return values;
}

CaseMetrics evaluate_case(const std::string& name, const LabelMap& prediction, const LabelMap& reference) {
  if (const auto difference = grid_difference(prediction.geometry(), reference.geometry())) {
    throw Error(
        ErrorCode::kInvalidInput,
        fmt::format("prediction and reference lie on different grids: {}; resample one onto the other",
                    *difference));
  }
  check_values(prediction, "prediction");
  check_values(reference, "reference");
  constexpr std::array<std::uint8_t, 3> kWholeLiver{kLiver, kTumour, kCyst};
  constexpr std::array<std::uint8_t, 1> kTumourOnly{kTumour}, kCystOnly{kCyst};
  return {name, evaluate_region(prediction, reference, kWholeLiver),
          evaluate_region(prediction, reference, kTumourOnly),
          evaluate_region(prediction, reference, kCystOnly)};
}

Evaluation evaluate(const fs::path& prediction, const fs::path& reference, Progress* progress) {
  Evaluation evaluation;
  const auto pairs = pair_files(prediction, reference, evaluation.notes);
  for (std::size_t n = 0; n < pairs.size(); ++n) {
    report(progress, "comparing", static_cast<double>(n) / static_cast<double>(pairs.size()));
    try {
      auto predicted = read_labels(pairs[n].prediction);
      const auto referred = read_labels(pairs[n].reference);
      if (axis_order_onto(predicted.voxels.geometry(), referred.voxels.geometry())) {
        lay_onto(predicted.voxels, referred.voxels.geometry());
      }
      evaluation.cases.push_back(evaluate_case(pairs[n].name, predicted.voxels, referred.voxels));
    } catch (const Error& error) {
      throw error.during(fmt::format("comparing case {}", pairs[n].name));
    }
  }
  report(progress, "comparing", 1.0);
  return evaluation;
}

std::string evaluation_json(const Evaluation& evaluation) {
  ordered_json document = {{"format", "hepar.evaluation/1"}, {"cases", ordered_json::array()}};
  for (const CaseMetrics& c : evaluation.cases) {
    ordered_json regions;
    for (const auto& [name, structure] : kStructures) regions[name] = region_json(c.*structure);
    document["cases"].push_back({{"case", c.case_name}, {"regions", regions}});
  }
  for (const auto& [name, structure] : kStructures) {
    for (const char* metric : kMetricNames) {
      const Summary s = summary_of(evaluation, structure, metric);
      document["summary"][name][metric] = {{"n", s.n},
                                           {"mean", number(s.mean)},
                                           {"sd", number(s.sd)},
                                           {"min", number(s.min)},
                                           {"median", number(s.median)},
                                           {"max", number(s.max)}};
    }
  }
  document["notes"] = evaluation.notes;
  return document.dump(2);
}

std::string evaluation_text(const Evaluation& evaluation, std::size_t most_cases) {
  std::string text;
  const std::size_t shown = std::min(most_cases, evaluation.cases.size());
  if (evaluation.cases.size() > 1)
    text += fmt::format("{:<24} {:>9} {:>9} {:>12} {:>12}\n", "case", "liver DSC", "tumour DSC",
                        "tumour HD95", "cyst DSC");
  for (std::size_t n = 0; n < shown && evaluation.cases.size() > 1; ++n) {
    const CaseMetrics& c = evaluation.cases[n];
    text += fmt::format("{:<24} {:>9} {:>10} {:>9} mm {:>12}\n", c.case_name, cell(c.liver.dsc),
                        cell(c.tumour.dsc), cell(c.tumour.hd95_mm), cell(c.cyst.dsc));
  }
  if (shown < evaluation.cases.size())
    text += fmt::format("... and {} more cases\n", evaluation.cases.size() - shown);
  text += fmt::format("{:<8} {:<9} {:>3} {:>9} {:>9} {:>9} {:>9} {:>9}\n", "", "", "n", "mean", "SD", "min",
                      "median", "max");
  for (const auto& [name, structure] : kStructures) {
    for (const char* metric : {"dsc", "hd95_mm"}) {
      const Summary s = summary_of(evaluation, structure, metric);
      text += fmt::format("{:<8} {:<9} {:>3} {:>9} {:>9} {:>9} {:>9} {:>9}\n", name, metric, s.n,
                          cell(s.mean), cell(s.sd), cell(s.min), cell(s.median), cell(s.max));
    }
  }
  return text;
}

}  // namespace hepar
