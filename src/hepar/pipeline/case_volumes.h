// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "hepar/evaluation/evaluation.h"
#include "hepar/figures/slice_panel.h"
#include "hepar/pipeline/label_input.h"
#include "hepar/volume/volume.h"

namespace hepar {

// Where the volumes of one case lie; empty: there is none.
struct CasePaths {
  std::filesystem::path ct, prediction, reference;
};

// A case for pictures: all label maps on the CT's grid, and with Hepar's labels.
struct CaseVolumes {
  std::optional<CtVolume> ct;      // nothing when it can't be shown; `notes` say why
  LabelMap prediction;             // after the filter, if there was one
  std::optional<LabelMap> before;  // what unfiltered.nii.gz beside the prediction holds
  std::optional<LabelMap> reference;
  std::vector<std::string> notes;

  SliceLabels slice_labels() const;
};

// Reads them. The labels of the regions liver, tumour and cyst become 1, 2 and 3; without such regions all
// labels that a region names become 2. What can't be read, or lies on another grid, becomes a note.
CaseVolumes load_case_volumes(const CasePaths& paths, const EvaluationOptions& options,
                              const std::vector<RoiLabel>& rois = default_roi_labels());

}  // namespace hepar
