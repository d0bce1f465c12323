// SPDX-License-Identifier: Apache-2.0
#include "case_options.h"

#include <CLI/CLI.hpp>

namespace hepar {

void bind_ct_options(CLI::App& app, CtSource& ct) {
  app.add_option("ct", ct.path, "CT: a DICOM folder, .nii, .nii.gz, .nrrd or .mha")->required();
  app.add_option("--series", ct.series, "Which DICOM series, by its UID or the UID's end");
  app.add_flag("--resample-irregular", ct.resample_irregular,
               "Accept DICOM slices at uneven distances: they are interpolated onto even ones");
  app.add_flag("--accept-skewed-directions", ct.accept_skewed_directions,
               "Accept image axes that are not at right angles: the nearest right-angled ones are used");
}

void bind_lesion_options(CLI::App& app, LesionFilterOptions& options) {
  app.add_option("--threshold-hu", options.threshold_hu, "A region whose fitted mean is below this is a cyst")
      ->capture_default_str();
  app.add_option("--close-mm", options.close_mm, "Close gaps of the tumour up to this radius; 0: off")
      ->check(CLI::Range(0.0, 50.0))
      ->capture_default_str();
  app.add_option("--expand-mm", options.expand_mm, "Grow the tumour by this radius; 0: off")
      ->check(CLI::Range(0.0, 50.0))
      ->capture_default_str();
}

}  // namespace hepar
