// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "hepar/dicom/ct_writer.h"
#include "hepar/pipeline/test_case.h"
#include "hepar/pipeline/test_folder.h"

namespace hepar {

// The case of test_case.h with its CT as a DICOM series in root/ct, and its truth (1, 2, 3) in truth.nii.gz.
class DicomCase : public ScratchFolder {
 protected:
  void SetUp() override {
    ScratchFolder::SetUp();
    write_ct_series(root_ / "ct", made_.ct,
                    {.patient_id = "secret-id",
                     .patient_name = "Secret^Name",
                     .series_description = "made up",
                     .uid_seed = "dicom case"});
    write_labels(root_ / "truth.nii.gz", made_.truth);
  }
  const TwoLesionCase made_ = two_lesion_case();
};

}  // namespace hepar
