// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/truth_json.h"

#include <nlohmann/json.hpp>

namespace hepar {
namespace {
using nlohmann::ordered_json;

ordered_json lesion_json(const LesionTruth& lesion) {
  const Vec3& c = lesion.centre_lps_mm;
  return {{"kind", lesion.kind},
          {"centre_lps_mm", {c.x, c.y, c.z}},
          {"diameter_mm", lesion.diameter_mm},
          {"true_mean_hu", lesion.true_mean_hu},
          {"voxels", lesion.voxels},
          {"touching", lesion.touching}};
}

ordered_json acquisition_json(const PhantomAcquisition& acquisition) {
  return {{"phase", phase_name(acquisition.phase)},   {"delay_s", acquisition.delay_s},
          {"liver_hu", acquisition.liver_hu},         {"slice_thickness_mm", acquisition.slice_thickness_mm},
          {"psf_sigma_mm", acquisition.psf_sigma_mm}, {"noise_sd_hu", acquisition.noise_sd_hu}};
}

}  // namespace

std::string truth_json(std::uint64_t seed, const std::vector<TruthCase>& cases) {
  ordered_json list = ordered_json::array();
  for (const TruthCase& truth : cases) {
    ordered_json entry = {{"case", truth.name}};
    if (truth.acquisition) entry["acquisition"] = acquisition_json(*truth.acquisition);
    if (truth.measured)
      entry["measured"] = {{"psf_sigma_mm", truth.measured->psf_sigma_mm},
                           {"noise_sd_hu", truth.measured->noise_sd_hu},
                           {"liver_hu", truth.measured->liver_hu}};
    entry["lesions"] = ordered_json::array();
    for (const LesionTruth& lesion : truth.lesions) entry["lesions"].push_back(lesion_json(lesion));
    if (!truth.notes.empty()) entry["notes"] = truth.notes;
    list.push_back(std::move(entry));
  }
  return ordered_json{{"format", "hepar.truth/1"}, {"seed", seed}, {"cases", list}}.dump(2) + "\n";
}

}  // namespace hepar
