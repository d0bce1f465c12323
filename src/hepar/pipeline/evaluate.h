// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "hepar/evaluation/evaluation.h"
#include "hepar/pipeline/label_input.h"

namespace hepar {

struct EvaluateRequest {
  std::vector<MethodSource> methods;  // label maps, or folders of them; the first is compared with the others
  std::filesystem::path reference;
  std::filesystem::path
      images;  // folder with the CTs, or of a single pair its DICOM CT; empty: where they are known to lie
  std::vector<RoiLabel> rois = default_roi_labels();  // labels of RTSTRUCT's and SEG's structures
  std::filesystem::path output;                       // empty: nothing is written
  EvaluationOptions options;
};

// Evaluates, finds the CTs for pictures, and writes an evaluation folder when an output is given. An RTSTRUCT
// or SEG is laid on the grid of its partner, or of the CT when both are such.
Evaluation evaluate_cohort(const EvaluateRequest& request, Progress* progress = nullptr);

// The CT of a case: NAME_0000.SUFFIX, NAME.SUFFIX, NAME (a DICOM folder) or NAME/ct.nii.gz in `images`;
// without that folder what the prediction's run.json names, or in the imagesTr or imagesTs beside the
// reference's labelsTr or labelsTs. Empty when there is none.
std::filesystem::path find_ct(const EvaluatedCase& c, const std::filesystem::path& images);

// Writes evaluation.json, tables and figures (write_evaluation), and where CTs are known worst_cases.png and
// .svg: the six cases of the first method with the lowest Dice of the tumour, at the lesion that was missed
// or else at the largest. All or none.
void write_evaluation_folder(const Evaluation& evaluation, const std::filesystem::path& output,
                             const std::vector<RoiLabel>& rois = default_roi_labels());

}  // namespace hepar
