// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "hepar/volume/volume.h"

namespace hepar {

// What a folder holds. Folders are searched to any depth; symbolic links to folders are not followed.
struct CtSeriesSummary {
  std::string uid;  // Series Instance UID
  std::int64_t slices = 0, columns = 0, rows = 0;
};
struct DicomFolder {
  std::vector<CtSeriesSummary> ct_series;  // by uid; series of localizers alone are left out
  std::int64_t not_dicom_count = 0;        // files that are no DICOM
  std::int64_t other_count = 0;  // DICOM files that are no CT slices: other modalities, localizers, DICOMDIR
};
DicomFolder find_ct_series(const std::filesystem::path& folder);

struct CtSeriesOptions {
  std::string series = {};          // Series Instance UID, or its last characters; empty: the only CT series
  bool resample_irregular = false;  // interpolate missing and unevenly spaced slices instead of refusing them
};

struct CtSlice {
  std::string sop_instance_uid;
  Vec3 position_mm;  // Image Position (Patient)
  std::filesystem::path file;
};

// Where the slices of a CT series lie: all that objects made from it refer to.
struct CtGrid {
  Geometry geometry;            // i along the rows, j along the columns, k along their cross product
  std::vector<CtSlice> slices;  // the slices used, along +k; one per k unless `resampled`
  bool resampled = false;       // the grid is not that of the slices
  std::string series_uid, study_uid, frame_of_reference_uid;  // the last may be empty
  std::vector<std::string> notes;  // one sentence each: what was ignored, left out, replaced, resampled
};

struct CtSeries {
  CtVolume voxels;  // on grid.geometry
  CtGrid grid;
  std::optional<double> tube_voltage_kv, slice_thickness_mm;
};

// Reads one CT series in Hounsfield units. Values below -1024 HU and padding pixels become -1024.
// Geometry gate (orientation spread 1e-4, shear 0.1 degrees, slice distances within 1 %): a minority of
// slices of another orientation or size is left out with a note, of identical duplicates one is used;
// missing, uneven, tilted, shifted or contradicting slices are refused, the first two unless
// `resample_irregular`. Slices of several frames of reference or studies are refused too.
// Throws Error: kMissing (no such folder, no CT in it), kInvalidInput (several series, the gate),
// kUnsupported (multi-frame, a compression that is not decoded, named), kCorrupt (damaged files).
// No message holds patient data. PS3.3 C.7.6.2 (image plane), C.8.2.1 (CT image).
CtSeries read_ct_series(const std::filesystem::path& folder, const CtSeriesOptions& options = {});

// The same of files that are known to belong to one series, such as those of a FolderInventory: what else
// lies beside them does not matter. Files that are no CT slices are left out with a note.
// Error(kInvalidInput) for several series, Error(kMissing) without a slice.
CtSeries read_ct_series(const std::vector<std::filesystem::path>& files, bool resample_irregular = false);

// The first one without the pixels, which are not looked at but for duplicates.
CtGrid read_ct_grid(const std::filesystem::path& folder, const CtSeriesOptions& options = {});

}  // namespace hepar
