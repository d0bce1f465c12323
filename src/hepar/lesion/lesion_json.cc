// SPDX-License-Identifier: Apache-2.0
#include "hepar/lesion/lesion_json.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

namespace hepar {
namespace {

using Json = nlohmann::ordered_json;

Json number_or_null(std::optional<double> number) {
  return number && std::isfinite(*number) ? Json(*number) : Json(nullptr);
}

Json to_json(const GaussianFit& fit) {
  return {{"amplitude", number_or_null(fit.amplitude)},
          {"mean_hu", number_or_null(fit.mean_hu)},
          {"std_hu", number_or_null(fit.std_hu)},
          {"std_smoothed_hu", number_or_null(fit.std_smoothed_hu)},
          {"rms_residual", number_or_null(fit.rms_residual)},
          {"converged", fit.converged}};
}

Json to_json(const CystOdds& odds) {
  return {{"prior", odds.prior},
          {"attenuation", odds.attenuation},
          {"edge", odds.edge},
          {"evenness", odds.evenness}};
}

Json pair_json(const std::optional<GaussianPair>& pair) {
  if (!pair) return nullptr;
  return {{"low_mean_hu", pair->low_mean_hu}, {"low_std_hu", pair->low_std_hu},
          {"low_share", pair->low_share},     {"high_mean_hu", pair->high_mean_hu},
          {"high_std_hu", pair->high_std_hu}, {"bic_gain", pair->bic_gain}};
}

Json edge_json(const std::optional<EdgeFit>& edge) {
  if (!edge) return nullptr;
  return {{"core_hu", number_or_null(edge->core_hu)},
          {"surroundings_hu", number_or_null(edge->surroundings_hu)},
          {"offset_mm", number_or_null(edge->offset_mm)},
          {"width_mm", number_or_null(edge->width_mm)}};
}

Json to_json(const LesionRegion& region) {
  Json flags = Json::array(), guards = Json::array(), percentiles = Json::object();
  for (const LesionFlag flag : region.flags) {
    flags.push_back(flag_name(flag));
    if (bars_cyst(flag)) guards.push_back(flag_name(flag));
  }
  for (std::size_t n = 0; n < kReportedPercentiles.size(); ++n) {
    percentiles[fmt::format("{:g}", kReportedPercentiles[n])] = region.percentiles_hu[n];
  }
  const RegionEvidence& evidence = region.evidence;
  const Vec3 centre = region.centroid_lps_mm;
  Json json{{"id", region.id},
            {"component", region.component},
            {"split", region.is_part},
            {"voxels", region.voxels},
            {"volume_ml", region.volume_ml},
            {"centroid_lps_mm", Json::array({centre.x, centre.y, centre.z})},
            {"fit", to_json(region.fit)},
            {"percentiles_hu", percentiles},
            {"verdict", verdict_name(region.verdict)},
            {"probability_cyst", number_or_null(region.probability_cyst)},
            {"reason", region.reason},
            {"flags", flags},
            {"guards", guards}};
  if (region.verdict == Verdict::kOpened) return json;
  json["interior"] = {{"voxels", evidence.interior_voxels},
                      {"mean_hu", number_or_null(evidence.interior_mean_hu)},
                      {"std_hu", number_or_null(evidence.interior_std_hu)},
                      {"error_hu", evidence.interior_mean_hu ? Json(evidence.interior_error_hu) : Json()},
                      {"fit", region.interior_fit ? to_json(*region.interior_fit) : Json()},
                      {"two_gaussians", pair_json(region.interior_pair)}};
  json["diameter_mm"] = evidence.diameter_mm;
  json["edge"] = edge_json(evidence.edge);
  json["rim_excess_hu"] = number_or_null(evidence.rim_excess_hu);
  json["unevenness"] = number_or_null(evidence.unevenness);
  json["roundness"] = number_or_null(evidence.roundness);
  json["dense_voxels"] = evidence.dense_voxels;
  json["gas_voxels"] = evidence.gas_voxels;
  json["log_odds"] = region.probability_cyst ? to_json(region.odds) : Json();
  return json;
}

std::string_view source_name(LiverSource source) {
  constexpr std::string_view kNames[] = {"label", "surroundings", "none"};
  return kNames[static_cast<std::size_t>(source)];
}

}  // namespace

std::string lesions_json(const LesionFilterResult& result, const std::map<std::string, double>& timings_s) {
  const LesionFilterOptions& options = result.options;
  const LiverReference& liver = result.liver;
  Json document{{"format", "hepar.lesions/2"}, {"disclaimer", "For research; not a medical device."}};
  document["rule"] = rule_name(options.rule);
  document["threshold_hu"] = options.threshold_hu;
  document["cyst_probability"] = options.thresholds.cyst_probability;
  document["tumour_probability"] = options.thresholds.tumour_probability;
  document["close_mm"] = options.close_mm;
  document["open_mm"] = options.open_mm;
  document["expand_mm"] = options.expand_mm;
  document["liver"] = {{"source", source_name(liver.source)},
                       {"voxels", liver.voxels},
                       {"median_hu", number_or_null(liver.median_hu)},
                       {"mean_hu", number_or_null(liver.mean_hu)},
                       {"std_hu", number_or_null(liver.std_hu)},
                       {"noise_hu", liver.noise_hu},
                       {"correlated_voxels", liver.correlated_voxels},
                       {"psf_sigma_mm", liver.psf_sigma_mm},
                       {"unenhanced", liver.unenhanced}};
  document["regions"] = Json::array();
  for (const LesionRegion& region : result.regions) document["regions"].push_back(to_json(region));
  document["notes"] = result.notes;
  if (!timings_s.empty()) document["timings_s"] = timings_s;
  return document.dump(2) + "\n";
}

}  // namespace hepar
