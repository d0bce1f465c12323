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
