// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "hepar/core/progress.h"

namespace hepar {

// What a structure set or a segmentation says that it was drawn on. Empty where the file does not say.
struct DicomReferences {
  std::vector<std::string> series_uids, frame_of_reference_uids, instance_uids;  // each once
};

// A file of a series.
struct DicomObject {
  std::filesystem::path file;
  std::string instance_uid;          // SOP Instance UID
  std::int64_t structure_count = 0;  // ROIs of an RTSTRUCT, segments of a SEG
  DicomReferences references;        // of RTSTRUCT and SEG
};

struct DicomSeries {
  std::string uid, study_uid, frame_of_reference_uid;  // the last may be empty
  std::string patient;  // first 8 hexadecimal digits of SHA-256 of "PATIENT ID\nISSUER"; empty: no Patient ID
  std::string modality;              // "CT", "RTSTRUCT", "SEG", ...; as stored
  std::vector<DicomObject> objects;  // by file
  // Of images with a place in the patient; those that most files have.
  std::int64_t columns = 0, rows = 0, slice_count = 0;  // slices: of different places
  std::optional<double> column_spacing_mm, row_spacing_mm, thickness_mm;
  std::optional<double> least_distance_mm, most_distance_mm;  // between neighbouring slices
  std::string orientation;                                    // "axial", "coronal", "sagittal"
  std::vector<std::string> transfer_syntaxes;                 // names, each once
  std::vector<std::string> problems;  // a sentence each; of a CT also why read_ct_series() refuses it
};

// A DICOM file that can't be read.
struct DamagedFile {
  std::filesystem::path file;
  std::string modality;  // as stored; empty: can't be told
  std::string reason;    // a sentence, which names the file
};

struct FolderInventory {
  std::vector<DicomSeries> series;      // by patient, study, modality and UID
  std::int64_t file_count = 0;          // all there are
  std::int64_t not_dicom_count = 0;     // files that are no DICOM
  std::int64_t directory_count = 0;     // DICOMDIR and others that belong to no series
  std::vector<DamagedFile> unreadable;  // by file
  std::map<std::string, std::set<std::size_t>> ct_by_instance;  // where in `series` a CT's SOP instance lies
  const DicomSeries* find(const std::string& series_uid) const;
  // The CT series that an object was drawn on: the one it names, else the one with the instances it names; of
  // an object that names neither, the only one in its frame of reference. Nothing when that isn't there, or
  // not clear.
  const DicomSeries* ct_of(const DicomObject& object) const;
};

// Looks at all files in a folder, to any depth, reading up to their pixels. A damaged file never ends it.
// Nothing in the result is a name, a date or a description; sentences name files by their paths below the
// folder. Error: kMissing (no such folder), kCancelled.
FolderInventory take_inventory(const std::filesystem::path& folder, Progress* progress = nullptr);

}  // namespace hepar
