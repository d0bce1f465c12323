// SPDX-License-Identifier: Apache-2.0
#include "hepar/lesion/lesion_json.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

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

Json to_json(const LesionRegion& region) {
  Json flags = Json::array();
  for (const LesionFlag flag : region.flags) flags.push_back(flag_name(flag));
  const Vec3 centre = region.centroid_lps_mm;
  return {{"id", region.id},
          {"voxels", region.voxels},
          {"volume_ml", region.volume_ml},
          {"centroid_lps_mm", Json::array({centre.x, centre.y, centre.z})},
          {"fit", to_json(region.fit)},
          {"verdict", verdict_name(region.verdict)},
          {"reason", region.reason},
          {"flags", flags}};
}

}  // namespace

std::string lesions_json(const LesionFilterResult& result, const std::map<std::string, double>& timings_s) {
  Json document{{"format", "hepar.lesions/1"}, {"disclaimer", "For research; not a medical device."}};
  document["threshold_hu"] = result.options.threshold_hu;
  document["close_mm"] = result.options.close_mm;
  document["expand_mm"] = result.options.expand_mm;
  document["liver"] = {{"voxels", result.liver.voxels},
                       {"median_hu", number_or_null(result.liver.median_hu)},
                       {"unenhanced", result.liver.unenhanced}};
  document["regions"] = Json::array();
  for (const LesionRegion& region : result.regions) document["regions"].push_back(to_json(region));
  document["notes"] = result.notes;
  if (!timings_s.empty()) document["timings_s"] = timings_s;
  return document.dump(2) + "\n";
}

}  // namespace hepar
