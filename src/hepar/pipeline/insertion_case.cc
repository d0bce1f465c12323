// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/insertion_case.h"

#include <fmt/format.h>

#include <cmath>

#include "hepar/core/file.h"
#include "hepar/core/output_folder.h"
#include "hepar/figures/overview.h"
#include "hepar/io/image_io.h"
#include "hepar/volume/reorient.h"

namespace hepar {
namespace {

constexpr double kPi = 3.14159265358979323846;

double volume_ml(const LesionTruth& lesion) { return kPi * std::pow(lesion.diameter_mm, 3) / 6000; }

OverviewOptions overview_options(const std::vector<LesionTruth>& lesions) {
  OverviewOptions options;
  options.title = "Inserted lesions";
  for (const LesionTruth& lesion : lesions) {
    options.lesions.push_back({.id = static_cast<int>(options.lesions.size()) + 1,
                               .centroid_lps_mm = lesion.centre_lps_mm,
                               .volume_ml = volume_ml(lesion),
                               .note = fmt::format("{}, {:.0f} HU", lesion.kind, lesion.true_mean_hu)});
  }
  return options;
}

}  // namespace

TruthCase insert_case(const InsertionRequest& request, Progress* progress) {
  check_options(request.options);
  report(progress, "reading", 0);
  const LoadedCt ct = load_ct(request.ct);
  LabelImage labels =
      read_labels(request.labels, {.accept_skewed_directions = request.ct.accept_skewed_directions});
  lay_onto(labels.voxels, ct.voxels.geometry());
  report(progress, "inserting lesions", 0);
  const InsertedCase inserted = insert_lesions(ct.voxels, labels.voxels, request.options, request.seed);
  TruthCase truth{"inserted", {}, {}, inserted.lesions, ct.notes};
  truth.measured = MeasuredScan{inserted.psf_sigma_mm, inserted.noise_sd_hu, inserted.liver_hu};
  truth.notes.insert(truth.notes.end(), labels.notes.begin(), labels.notes.end());
  truth.notes.insert(truth.notes.end(), inserted.notes.begin(), inserted.notes.end());
  report(progress, "writing", 0);
  OutputFolder out(request.output);
  write_ct(out.staging() / "ct.nii.gz", inserted.ct);
  write_labels(out.staging() / "truth.nii.gz", inserted.truth);
  write_labels(out.staging() / "contoured.nii.gz", inserted.contoured);
  write_text_file(out.staging() / "truth.json", truth_json(request.seed, {truth}));
  write_overview_png(out.staging() / "overview.png", inserted.ct, inserted.contoured, inserted.truth,
                     overview_options(inserted.lesions));
  out.commit();
  report(progress, "writing", 1);
  return truth;
}

std::string insertion_text(const TruthCase& truth, const std::filesystem::path& output) {
  std::string text = fmt::format(
      "{} lesions inserted; the scan's liver has {:.0f} HU, noise {:.1f} HU, blur "
      "{:.2f} mm (standard deviation)\n",
      truth.lesions.size(), truth.measured->liver_hu, truth.measured->noise_sd_hu,
      truth.measured->psf_sigma_mm);
  for (std::size_t n = 0; n < truth.lesions.size(); ++n) {
    const LesionTruth& lesion = truth.lesions[n];
    text += fmt::format("  {:>3}  {:>8.1f} mL  {:>5.1f} mm  {:>6.1f} HU  {}{}\n", n + 1, volume_ml(lesion),
                        lesion.diameter_mm, lesion.true_mean_hu, lesion.kind,
                        lesion.touching ? ", touching" : "");
  }
  for (const std::string& note : truth.notes) text += "note: " + note + "\n";
  return text +
         fmt::format("written to {}: ct.nii.gz, truth.nii.gz, contoured.nii.gz, truth.json, overview.png",
                     output.string());
}

}  // namespace hepar
