// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dcmtk/config/osconfig.h>
// osconfig.h must come first
#include <dcmtk/dcmdata/dctk.h>

#include <string>
#include <vector>

#include "hepar/dicom/ct_series.h"
#include "hepar/dicom/structure_set.h"

namespace hepar::dicom {

// Patient and study of a CT, as its first file states them, for an object that belongs to the same study.
class PatientStudy {
 public:
  // `texts` are those that the object adds, in UTF-8: where the CT's character set can't hold them, all
  // becomes Unicode. Error(kMissing) when the CT's first file can't be read again; Error(kInvalidInput) when
  // it has texts outside of its own character set and `texts` needs Unicode.
  PatientStudy(const CtGrid& ct, const std::vector<std::string>& texts);

  // Puts the attributes that are there over those of the data set, with the Specific Character Set.
  void copy_to(DcmItem& dataset) const;
  // An attribute of the CT's first image that its segmentation repeats: SOP Class UID or Lossy Image
  // Compression.
  std::string image_text(const DcmTagKey& tag) const;
  // One of `texts` in the character set, or any ASCII.
  std::string encode(const std::string& utf8) const;

 private:
  DcmDataset attributes_, image_;
  std::string character_set_;
};

// Throws Error(kInvalidInput) unless an object can refer to each slice: not resampled, and study, series and
// slices have UIDs, each slice its own.
void check_can_be_referenced(const CtGrid& ct);

// What a contour's points may lie off their slice's plane: rounding to 0.001 mm, and that of positions.
inline constexpr double kOnSliceMm = 0.01;

// The largest distance of a contour's points from the plane of a slice; not finite when a point is not.
double distance_from_slice_mm(const RoiContour& contour, const CtSlice& slice, const Geometry& geometry);

}  // namespace hepar::dicom
