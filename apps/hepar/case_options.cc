// SPDX-License-Identifier: Apache-2.0
#include "case_options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <map>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/lesion/site_json.h"

namespace hepar {

void bind_ct_options(CLI::App& app, CtSource& ct) {
  app.add_option("ct", ct.path, "CT: a DICOM folder, .nii, .nii.gz, .nrrd or .mha")->required();
  app.add_option("--series", ct.series, "Which DICOM series, by its UID or the UID's end");
  app.add_flag("--resample-irregular", ct.resample_irregular,
               "Accept DICOM slices at uneven distances: they are interpolated onto even ones");
  app.add_flag("--accept-skewed-directions", ct.accept_skewed_directions,
               "Accept image axes that are not at right angles: the nearest right-angled ones are used");
}

void bind_profile(CLI::App& app, std::filesystem::path& profile) {
  app.add_option(
      "--profile", profile,
      "Names, colours and types of the structures, and what the planning system wants (docs/dicom.md)");
}

void bind_dicom_options(CLI::App& app, DicomChoice& choice) {
  app.add_flag("--no-dicom", choice.leave_out, "Of a DICOM CT, too, write no rtstruct.dcm and seg.dcm");
  bind_profile(app, choice.profile);
}

DicomProfile load_dicom_profile(const std::filesystem::path& file) {
  if (file.empty()) return {};
  const std::string text = read_text_file(file);
  try {
    return read_dicom_profile(text);
  } catch (const Error& error) {
    throw error.during(fmt::format("reading the profile {}", file.string()));
  }
}

DicomOptions DicomChoice::resolved() const { return {!leave_out, load_dicom_profile(profile), profile}; }

void bind_roi_labels(CLI::App& app, std::vector<std::string>& texts) {
  app.add_option(
         "--roi", texts,
         "Of an RTSTRUCT or SEG: the label of the structures of that name (* any text, ? one character); "
         "several times. Always: Liver=1 GTV*=2 Cyst*=3")
      ->allow_extra_args(false)
      ->type_name("NAME=VALUE");
}

std::vector<RoiLabel> roi_labels(const std::vector<std::string>& texts) {
  std::vector<RoiLabel> rois;
  for (const std::string& text : texts) rois.push_back(parse_roi_label(text));
  const std::vector<RoiLabel> known = default_roi_labels();
  rois.insert(rois.end(), known.begin(), known.end());
  return rois;
}

LesionFilterOptions LesionChoice::resolved() const {
  LesionFilterOptions resolved = options;
  if (site.empty()) return resolved;
  const std::string text = read_text_file(site);
  try {
    resolved.thresholds = read_site_json(text);
  } catch (const Error& error) {
    throw error.during(fmt::format("reading the site's thresholds from {}", site.string()));
  }
  return resolved;
}

void bind_lesion_options(CLI::App& app, LesionChoice& choice) {
  static const std::map<std::string, LesionRule> kRules{{"paper", LesionRule::kPaper},
                                                        {"evidence", LesionRule::kEvidence}};
  LesionFilterOptions& options = choice.options;
  app.add_option("--rule", options.rule,
                 "evidence: only a confident cyst leaves the tumour; paper: every region whose fitted "
                 "mean is below the threshold does")
      ->transform(CLI::CheckedTransformer(kRules).description("paper or evidence"))
      ->type_name("RULE");
  app.add_option("--site", choice.site, "Thresholds of the evidence rule, from `hepar calibrate`");
  app.add_option("--threshold-hu", options.threshold_hu,
                 "Belongs to --rule paper: a region whose fitted mean is below this is a cyst")
      ->capture_default_str();
  const auto add_radius = [&](const char* name, double& radius_mm, const char* help) {
    app.add_option(name, radius_mm, help)->check(CLI::Range(0.0, 50.0))->capture_default_str();
  };
  add_radius("--close-mm", options.close_mm, "Close gaps of the tumour up to this radius; 0: off");
  add_radius("--open-mm", options.open_mm,
             "Take what is thinner than a ball of this radius from the tumour, after closing; 0: off");
  add_radius("--expand-mm", options.expand_mm, "Grow the tumour by this radius, at last; 0: off");
  app.add_flag("--within-liver", options.grow_in_liver_only, "Close and expand into liver only");
}

}  // namespace hepar
