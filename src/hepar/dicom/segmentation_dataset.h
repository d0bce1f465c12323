// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dcmtk/config/osconfig.h>
// osconfig.h must come first
#include <dcmtk/dcmdata/dctk.h>

#include <cstdint>
#include <vector>

#include "hepar/dicom/ct_series.h"
#include "hepar/dicom/dicom_profile.h"

namespace hepar::dicom {

inline constexpr int kMaximumFraction = 255;

// A frame of a file to be written: the pixels of segment number `segment` on slice k of the CT.
struct ContentFrame {
  int segment = 0;
  std::int64_t k = 0;
  std::vector<std::uint8_t> pixels;  // as in SegmentFrame
};

struct SegmentationContent {
  std::vector<RoiStyle> segments;    // their numbers count from 1
  std::vector<ContentFrame> frames;  // by segment, then by slice
  bool fractional = false;
};

// Fills the data set of a SEG (PS3.3 A.51) on the CT's own instances, all of it.
void fill_segmentation(DcmDataset& dataset, const SegmentationContent& content, const CtGrid& ct,
                       const DicomProfile& profile);

}  // namespace hepar::dicom
