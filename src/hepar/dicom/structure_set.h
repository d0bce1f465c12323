// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "hepar/core/vec.h"
#include "hepar/dicom/ct_series.h"
#include "hepar/dicom/dicom_profile.h"

namespace hepar {

// A closed planar contour.
struct RoiContour {
  std::vector<Vec3> points_mm;  // world; the last joins the first
  std::string image_uid;        // SOP Instance UID of the slice it is drawn on; empty: not said
};

struct Roi {
  int number = 0;
  std::string name;  // UTF-8
  std::string interpreted_type;
  Rgb colour{};
  std::vector<RoiContour> contours;
  std::string frame_of_reference_uid = {};  // empty: that of the structure set
};

// What Hepar uses of an RT Structure Set (PS3.3 A.19).
struct StructureSet {
  std::string label;
  std::string frame_of_reference_uid, series_uid;  // of the images; empty: not said
  std::vector<Roi> rois;                           // in the file's order, those without contour too
  std::vector<std::string> notes;  // what was passed over: points, open contours, contours without ROI
};

// Reads any structure set, whatever its transfer syntax; numbers beyond DS's 16 bytes and contour data of any
// length are taken. Error: kMissing, kCorrupt (damaged: a sequence or coordinates that can't be read, a
// number that is none, fewer points than stated, contours of a number that two ROIs have), kInvalidInput (no
// RTSTRUCT).
StructureSet read_structure_set(const std::filesystem::path& file);

// Writes it as an RTSTRUCT on the CT's own instances, whole or not at all, and passes dciodvfy where the CT
// does: patient and study as in the CT, a new series, coordinates of three decimals. Where the CT has no
// frame of reference one is made up from its series (frame_of_reference_for()). Texts are in the CT's
// character set, or all in Unicode where that does not hold an ROI's name. Error(kInvalidInput) for no ROI,
// equal names (in any case) or numbers, contours under 3 points that differ when rounded, on a frame of
// reference that is not the CT's, without a slice of the CT or farther than 0.01 mm from it, a name beyond
// the profile's length, contour data beyond explicit VR, a resampled grid, a CT without study, series and
// instance UIDs; Error(kMissing) when the CT's first file can't be read again, or there is no such folder.
void write_structure_set(const std::filesystem::path& file, const StructureSet& structures, const CtGrid& ct,
                         const DicomProfile& profile = {});

// The frame of reference of objects on this CT: its own, or one derived from its series' UID.
std::string frame_of_reference_for(const CtGrid& ct);

}  // namespace hepar
