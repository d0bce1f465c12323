// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "hepar/core/progress.h"

namespace hepar {

enum class ImportFormat {
  kLits,      // volume-N.nii and segmentation-N.nii, in any subfolders
  kMsd,       // Task03_Liver of the Medical Segmentation Decathlon
  kIrcadb,    // 3D-IRCADb-01: a folder a case with PATIENT_DICOM and MASKS_DICOM, each a folder or .zip
  kDicomRt,   // DICOM CT series and RT structure sets on them, laid out in any way
  kDicomSeg,  // DICOM CT series and DICOM segmentations on them
};

// "lits", "msd", "ircadb", "dicom-rt", "dicom-seg".
std::string_view import_format_name(ImportFormat format);
// Error(kInvalidInput) for another name.
ImportFormat parse_import_format(std::string_view name);

// Names of ROIs or segments, with * and ? as in a shell, upper and lower case alike. One that fits several
// kinds is tumour before cyst before liver.
struct StructureNames {
  std::vector<std::string> liver{"Liver"};
  std::vector<std::string> tumour{"GTV*", "Tumor*", "Tumour*", "Mass*", "Lesion*", "Neoplasm*"};
  std::vector<std::string> cyst{"Cyst*"};
  friend bool operator==(const StructureNames&, const StructureNames&) = default;
};

struct ImportRequest {
  ImportFormat format = ImportFormat::kLits;
  std::filesystem::path source;   // a folder
  std::filesystem::path dataset;  // made, or one of an earlier import of the same format
  StructureNames structures;      // of DICOM structure sets and segmentations
};

struct ImportedCase {
  std::string name;    // "lits_000", "ircadb_01", of clinical DICOM "case_1a2b3c4d"
  std::string source;  // where in the source: a path within it; of clinical DICOM patient and series, no path
  std::string source_sha256;
  double liver_ml = 0;  // with the tumours and cysts in it
  double tumour_ml = 0, cyst_ml = 0;
  std::vector<std::string> notes;  // a sentence each
  bool was_there = false;          // taken in an earlier run, and its source has not changed
};
struct RefusedCase {
  std::string source, reason;
};

struct ImportReport {
  ImportRequest request;
  std::vector<ImportedCase> taken;  // all that the dataset holds now, by name
  std::vector<RefusedCase> refused;
  std::vector<std::string> notes;
};

// Writes the cases into an nnU-Net dataset: imagesTr/NAME_0000.nii.gz (HU), labelsTr/NAME.nii.gz (0 to 3),
// dataset.json with the regions liver and tumour, and cyst where a case holds one, and import.json. Image and
// labels of a case must share their grid: 0.01 mm, or another order of its axes. A case that can't be used is
// refused with the reason and the rest goes on; one that is there from the same bytes and names is not done
// again. A case of an earlier run goes only when its source has other bytes now and these can't be used; when
// they can't be read this time it stays, with a note. A run that is killed leaves no half case, and a case
// that was being replaced is made again by the next one. Nothing is written when no case is taken, and no
// record is left of a dataset without cases. One case is in memory at a time. Error: kMissing (no such
// source, nothing in it that looks like the format), kInvalidInput (the dataset folder holds something else,
// or another run imports into it), kExhausted (disk full; the cases written by then stay), kCancelled.
ImportReport import_dataset(const ImportRequest& request, Progress* progress = nullptr);

// The document "hepar.import/1", which also lies in the dataset as import.json.
std::string import_json(const ImportReport& report);

// A table of what was taken, and a line for each refusal and note.
std::string import_text(const ImportReport& report);

}  // namespace hepar
