// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "hepar/imaging/planar_contours.h"
#include "hepar/volume/volume.h"

namespace hepar {

using Rgb = std::array<std::uint8_t, 3>;

// A code of a DICOM coding scheme (PS3.16), such as {"10200004", "SCT", "Liver"}.
struct CodedConcept {
  std::string value, scheme, meaning;
};

// One structure of a label map: an ROI of an RTSTRUCT, a segment of a SEG.
struct RoiStyle {
  std::string name;                  // up to 16 characters unless the profile's name_length allows more
  std::vector<std::uint8_t> labels;  // values of the label map that it is made of
  std::string interpreted_type;      // RT ROI Interpreted Type (3006,00A4): ORGAN, GTV, ...; may be empty
  Rgb colour;
  CodedConcept category, type;  // of the segment: Segmented Property Category and Type
};

// Liver (1, 2 and 3: the whole organ with all that is in it), GTV (2), Cyst (3).
std::vector<RoiStyle> default_roi_styles();

// The labels that a structure is made of. Error(kInvalidInput) for label 0, which is what belongs to none.
std::array<bool, 256> label_set(const RoiStyle& style);

enum class HoleMode {
  kKeyhole,   // one contour, holes joined by channels of no width
  kSeparate,  // holes as contours of their own, which some systems fill
};

// How a site's planning system wants its structures; the default is what most accept.
struct DicomProfile {
  std::vector<RoiStyle> rois = default_roi_styles();
  ContourStyle contour_style = ContourStyle::kHalfLevel;
  HoleMode hole_mode = HoleMode::kKeyhole;
  double simplify_mm = 0;         // 0: off
  std::int64_t point_limit = 0;   // points of one contour; 0: none. More are simplified away, or refused
  std::size_t name_length = 16;   // longest ROI name
  bool write_empty_rois = false;  // an ROI without contour; many systems stumble over it
  bool explicit_vr = false;       // RTSTRUCT in explicit instead of implicit VR little endian
  std::string structure_set_label = "Hepar";  // up to 16 characters
  std::string series_description = "Hepar contours, not reviewed";
};

// Reads the document "hepar.dicom-profile/1"; what it leaves out keeps its default. Error(kInvalidInput)
// naming the key for what is unknown, out of range, too long, or named twice.
DicomProfile read_dicom_profile(std::string_view json);
std::string dicom_profile_json(const DicomProfile& profile);

// A note on the labels in the map that no ROI of the profile is made of; empty when there are none.
std::string labels_without_roi(const LabelMap& labels, const DicomProfile& profile);

}  // namespace hepar
