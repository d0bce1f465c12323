// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/phantom_cohort.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/io/image_io.h"

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

std::string dataset_json(std::int64_t cases) {
  // Order matters to nnU-Net: output channel n is the n-th region.
  const ordered_json document = {
      {"channel_names", {{"0", "CT"}}},
      {"labels", {{"background", 0}, {"liver", {1, 2, 3}}, {"tumour", 2}}},
      {"regions_class_order", {1, 2}},
      {"numTraining", cases},
      {"file_ending", ".nii.gz"},
      {"description", "Hepar phantoms: synthetic CT, no patient data; label 3 is cyst"}};
  return document.dump(2) + "\n";
}

}  // namespace

std::string phantom_case_name(std::int64_t index) { return fmt::format("phantom_{:03}", index); }

void write_phantom_cohort(const PhantomCohortRequest& request, Progress* progress) {
  if (request.cases < 1) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("{} cases were asked for; give 1 or more", request.cases));
  }
  const auto images = request.output / "imagesTr", labels = request.output / "labelsTr";
  make_folder(images);
  make_folder(labels);
  ordered_json truth_cases = ordered_json::array();
  for (std::int64_t n = 0; n < request.cases; ++n) {
    report(progress, "making phantoms", static_cast<double>(n) / static_cast<double>(request.cases));
    const std::string name = phantom_case_name(n);
    const Phantom phantom = make_phantom(request.options, request.seed, n);
    write_ct(images / (name + "_0000.nii.gz"), phantom.ct);
    write_labels(labels / (name + ".nii.gz"), phantom.labels);
    ordered_json lesions = ordered_json::array();
    for (const LesionTruth& lesion : phantom.lesions) lesions.push_back(lesion_json(lesion));
    truth_cases.push_back(
        {{"case", name}, {"acquisition", acquisition_json(phantom.acquisition)}, {"lesions", lesions}});
  }
  write_text_file(request.output / "dataset.json", dataset_json(request.cases));
  const ordered_json truth = {{"format", "hepar.truth/1"}, {"seed", request.seed}, {"cases", truth_cases}};
  write_text_file(request.output / "truth.json", truth.dump(2) + "\n");
  report(progress, "making phantoms", 1.0);
}

}  // namespace hepar
