// SPDX-License-Identifier: Apache-2.0
#include "hepar/evaluation/evaluation_json.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "hepar/core/error.h"
#include "hepar/core/version.h"
#include "hepar/evaluation/comparison.h"
#include "hepar/metrics/metric_table.h"
#include "hepar/numeric/statistics.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr const char* kFormat = "hepar.evaluation/2";

Json number(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

Json vector_json(Vec3 v) { return {v.x, v.y, v.z}; }
Vec3 read_vector(const Json& json) { return {json.at(0), json.at(1), json.at(2)}; }

Json metrics_json(const RegionMetrics& metrics) {
  Json json;
  for (const MetricInfo& metric : metric_table()) json[metric.key] = number(metrics.*metric.value);
  json["common_voxels"] = metrics.common_voxels;
  json["prediction_voxels"] = metrics.prediction_voxels;
  json["reference_voxels"] = metrics.reference_voxels;
  return json;
}

RegionMetrics read_metrics(const Json& json) {
  RegionMetrics metrics;
  for (const MetricInfo& metric : metric_table()) {
    const Json& value = json.at(metric.key);
    if (!value.is_null()) metrics.*metric.value = value.get<double>();
  }
  metrics.common_voxels = json.at("common_voxels");
  metrics.prediction_voxels = json.at("prediction_voxels");
  metrics.reference_voxels = json.at("reference_voxels");
  return metrics;
}

Json lesions_json(const LesionDetection& detection) {
  Json json = {{"reference", Json::array()}, {"predicted", Json::array()}};
  for (const ReferenceLesion& lesion : detection.references) {
    json["reference"].push_back({{"volume_ml", lesion.volume_ml},
                                 {"diameter_mm", lesion.diameter_mm},
                                 {"centroid_lps_mm", vector_json(lesion.centroid_lps_mm)},
                                 {"iou", lesion.iou},
                                 {"detected", lesion.detected}});
  }
  for (const PredictedLesion& lesion : detection.predictions) {
    json["predicted"].push_back({{"volume_ml", lesion.volume_ml},
                                 {"diameter_mm", lesion.diameter_mm},
                                 {"centroid_lps_mm", vector_json(lesion.centroid_lps_mm)},
                                 {"true_positive", lesion.true_positive}});
  }
  return json;
}

LesionDetection read_lesions(const Json& json) {
  LesionDetection detection;
  for (const Json& lesion : json.at("reference")) {
    ReferenceLesion one;
    one.volume_ml = lesion.at("volume_ml");
    one.diameter_mm = lesion.at("diameter_mm");
    one.centroid_lps_mm = read_vector(lesion.at("centroid_lps_mm"));
    one.iou = lesion.at("iou");
    one.detected = lesion.at("detected");
    detection.references.push_back(one);
  }
  for (const Json& lesion : json.at("predicted")) {
    PredictedLesion one;
    one.volume_ml = lesion.at("volume_ml");
    one.diameter_mm = lesion.at("diameter_mm");
    one.centroid_lps_mm = read_vector(lesion.at("centroid_lps_mm"));
    one.true_positive = lesion.at("true_positive");
    detection.predictions.push_back(one);
  }
  return detection;
}

Json summary_json(const MethodResult& method, std::size_t region) {
  Json json;
  for (const MetricInfo& metric : metric_table()) {
    const Summary s = summarise(metric_values(method, region, metric.value));
    json[metric.key] = {
        {"n", s.n},           {"mean", number(s.mean)},     {"sd", number(s.sd)}, {"min", number(s.min)},
        {"q1", number(s.q1)}, {"median", number(s.median)}, {"q3", number(s.q3)}, {"max", number(s.max)}};
  }
  return json;
}

// Paths relative to the document's folder; "" where there is none to be relative to.
class PathWriter {
 public:
  explicit PathWriter(const fs::path& folder) : folder_(folder) {}
  Json operator()(const fs::path& path) const {
    if (folder_.empty() || path.empty()) return {};
    return fs::absolute(path)
        .lexically_normal()
        .lexically_relative(fs::absolute(folder_).lexically_normal())
        .string();
  }

 private:
  fs::path folder_;
};

Json case_json(const EvaluatedCase& c, const EvaluationOptions& options, const PathWriter& relative) {
  Json regions;
  for (std::size_t n = 0; n < options.regions.size(); ++n) {
    Json region = metrics_json(c.regions[n].metrics);
    if (c.regions[n].lesions) region["lesions"] = lesions_json(*c.regions[n].lesions);
    regions[options.regions[n].name] = region;
  }
  return {{"case", c.name},
          {"prediction", relative(c.prediction)},
          {"reference", relative(c.reference)},
          {"ct", relative(c.ct)},
          {"regions", regions}};
}

Json method_json(const MethodResult& method, const EvaluationOptions& options, const PathWriter& relative) {
  Json json = {{"name", method.name}, {"cases", Json::array()}};
  for (const EvaluatedCase& c : method.cases) json["cases"].push_back(case_json(c, options, relative));
  for (std::size_t n = 0; n < options.regions.size(); ++n) {
    json["summary"][options.regions[n].name] = summary_json(method, n);
  }
  return json;
}

Json interval_json(const std::optional<Interval>& interval) {
  return interval ? Json{interval->low, interval->high} : Json();
}

Json comparison_json(const MethodComparison& row) {
  const PairedComparison& c = row.statistics;
  Json json = {{"region", row.region},
               {"metric", row.metric->key},
               {"first", row.first},
               {"second", row.second},
               {"n", c.n},
               {"mean_first", number(c.before.mean)},
               {"mean_second", number(c.after.mean)},
               {"mean_difference", number(c.mean_difference)},
               {"bootstrap_95", interval_json(c.bootstrap_interval)},
               {"d_z", c.effect ? number(c.effect->d_z) : Json()},
               {"t", Json()},
               {"wilcoxon", Json()}};
  if (c.t_test) {
    json["t"] = {{"t", c.t_test->t}, {"p", c.t_test->p_two_sided}, {"p_holm", number(row.t_p_holm)}};
  }
  if (c.wilcoxon) {
    json["wilcoxon"] = {{"p", c.wilcoxon->p_two_sided},
                        {"p_holm", number(row.wilcoxon_p_holm)},
                        {"exact", c.wilcoxon->exact},
                        {"rank_biserial", c.wilcoxon->rank_biserial}};
  }
  json["warnings"] = c.warnings;
  return json;
}

EvaluatedCase read_case(const Json& json, const EvaluationOptions& options, const fs::path& folder) {
  const auto path = [&](const char* key) {
    return json.at(key).is_null() ? fs::path()
                                  : (folder / json.at(key).get<std::string>()).lexically_normal();
  };
  EvaluatedCase c{json.at("case"), path("prediction"), path("reference"), path("ct"), {}};
  for (const RegionSpec& region : options.regions) {
    const Json& values = json.at("regions").at(region.name);
    RegionResult result{read_metrics(values), {}};
    if (values.contains("lesions")) result.lesions = read_lesions(values.at("lesions"));
    c.regions.push_back(std::move(result));
  }
  return c;
}

Evaluation read_document(const Json& document, const fs::path& folder) {
  Evaluation evaluation;
  EvaluationOptions& options = evaluation.options;
  options.regions.clear();
  options.lesion_regions.clear();
  for (const Json& region : document.at("regions")) {
    options.regions.push_back({region.at("name"), region.at("labels")});
    if (region.at("lesion_wise")) options.lesion_regions.push_back(region.at("name"));
  }
  options.metrics.surface_tolerance_mm = document.at("surface_tolerance_mm");
  options.min_iou = document.at("min_iou");
  for (const Json& method : document.at("methods")) {
    MethodResult& result = evaluation.methods.emplace_back(MethodResult{method.at("name"), {}});
    for (const Json& c : method.at("cases")) result.cases.push_back(read_case(c, options, folder));
  }
  evaluation.notes = document.at("notes");
  evaluation.faults = document.at("faults");
  return evaluation;
}

}  // namespace

std::string evaluation_json(const Evaluation& evaluation, const fs::path& folder) {
  const EvaluationOptions& options = evaluation.options;
  Json document = {{"format", kFormat}, {"hepar", version()}, {"disclaimer", kDisclaimer}};
  document["regions"] = Json::array();
  for (const RegionSpec& region : options.regions) {
    document["regions"].push_back(
        {{"name", region.name}, {"labels", region.labels}, {"lesion_wise", options.counts_lesions(region)}});
  }
  document["surface_tolerance_mm"] = options.metrics.surface_tolerance_mm;
  document["min_iou"] = options.min_iou;
  document["methods"] = Json::array();
  const PathWriter relative(folder);
  for (const MethodResult& method : evaluation.methods) {
    document["methods"].push_back(method_json(method, options, relative));
  }
  document["comparisons"] = Json::array();
  for (const MethodComparison& row : compare_methods(evaluation)) {
    document["comparisons"].push_back(comparison_json(row));
  }
  document["notes"] = evaluation.notes;
  document["faults"] = evaluation.faults;
  return document.dump(2) + "\n";
}

Evaluation read_evaluation_json(std::string_view text, const fs::path& folder) {
  try {
    const Json document = Json::parse(text);
    const std::string format = document.at("format");
    if (format != kFormat) {
      throw Error(ErrorCode::kUnsupported,
                  fmt::format("the evaluation is of the format {}, this version reads {}; evaluate again",
                              format, kFormat));
    }
    return read_document(document, folder);
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorCode::kCorrupt,
                fmt::format("the evaluation can't be read: {}; evaluate again", error.what()));
  }
}

}  // namespace hepar
