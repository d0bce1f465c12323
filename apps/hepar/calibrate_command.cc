// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "command.h"
#include "hepar/lesion/site_json.h"
#include "hepar/pipeline/calibrate.h"

namespace hepar {
namespace {
struct CalibrateRequest {
  std::string regions, site;
};
}  // namespace

Command make_calibrate_command() {
  auto request = std::make_shared<CalibrateRequest>();
  return {.name = "calibrate",
          .summary = "Choose a site's thresholds for cyst and tumour from its own regions of known truth.",
          .sources = {"bounds on rates: Clopper & Pearson, Biometrika 26:404, 1934",
                      "interval of the ROC's area: DeLong et al., Biometrics 44:837, 1988; without overlap "
                      "Newcombe, Stat. Med. 25:559, 2006"},
          .bind =
              [request](CLI::App& app) {
                app.add_option("regions", request->regions,
                               "regions.csv of `hepar filter`, one or several put together, with the column "
                               "truth filled with cyst or tumour")
                    ->required();
                app.add_option("-o,--output", request->site, "The site's file, for `hepar filter --site`")
                    ->required();
              },
          .run =
              [request](Console& console) {
                const SiteCalibration site = calibrate_site(request->regions, request->site);
                for (const std::string& note : site.notes) console.note(note);
                if (console.json) console.result(site_json(site.calibration));
                console.say(fmt::format("{}\nwritten to {}. For research; not a medical device.",
                                        calibration_text(site.calibration), request->site));
              }};
}

}  // namespace hepar
