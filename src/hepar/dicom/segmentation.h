// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "hepar/dicom/ct_series.h"
#include "hepar/dicom/dicom_profile.h"
#include "hepar/volume/volume.h"

namespace hepar {

struct Segment {
  int number = 0;     // Segment Number, from 1
  std::string label;  // UTF-8
  CodedConcept category, type;
};

// One frame: a slice of one segment.
struct SegmentFrame {
  int segment = 0;   // Segment::number
  Vec3 position_mm;  // centre of the first pixel
  // Rows x columns: one bit each, the lowest of the first byte first (binary), or a byte (fractional).
  std::vector<std::uint8_t> pixels;
};

// What Hepar uses of a DICOM Segmentation (PS3.3 A.51).
struct Segmentation {
  std::vector<Segment> segments;  // by number
  std::vector<SegmentFrame> frames;
  // Of all frames: i along the rows, j along the columns, k along their cross product; the origin is the
  // first frame's, the spacing along k means nothing.
  Geometry plane;
  std::optional<double> slice_spacing_mm, slice_thickness_mm;  // as stated: Spacing Between Slices, thickness
  int maximum_value = 1;                                       // above 1: fractional
  std::string frame_of_reference_uid, series_uid;              // of the images; empty: not said
  std::vector<std::string> notes;
};

// Reads a SEG of any vendor, binary, fractional or a label map (PS3.3 C.8.20), of any transfer syntax that
// Hepar decodes. Frames that are missing are empty slices; segments may overlap. Error: kMissing, kCorrupt,
// kInvalidInput (no SEG), kUnsupported (frames of several orientations or spacings, or without positions; one
// part of a concatenation; frames of more than 4 GiB).
Segmentation read_segmentation(const std::filesystem::path& file);

// The grid that the frames themselves make: their slices, evenly spaced from the first to the last one, gaps
// filled. The distance is the Spacing Between Slices where all frames are multiples of it apart, else the
// smallest that occurs if it is the Slice Thickness. Error: kInvalidInput when neither says so, kUnsupported
// for more than 2^32 voxels.
Geometry segmentation_grid(const Segmentation& segmentation);

// One segment on a grid with the same pixels in plane: frames lie on its slices (0.01 mm in plane, a tenth of
// the slice distance across). Fractional ones are inside from half of maximum_value on.
// Error(kInvalidInput) naming what differs when a frame lies elsewhere.
Mask segment_mask(const Segmentation& segmentation, int segment, const Geometry& grid);

struct SegmentMask {
  Mask mask;
  std::vector<std::string> notes;  // one sentence each: no voxel, a threshold, nothing that ties it to the CT
};
// The same on the grid of a CT. Error(kInvalidInput) also when both sides name a frame of reference and these
// differ.
SegmentMask segment_mask(const Segmentation& segmentation, int segment, const CtGrid& ct);

// One segment as a probability, 0 to 1.
Volume<float> segment_probability(const Segmentation& segmentation, int segment, const Geometry& grid);

// Writes the profile's structures of a label map on the CT's grid as a binary SEG on the CT's own instances,
// whole or not at all; it is read back and compared first. Returns notes: structures without voxels, which
// are left out, and a frame of reference that was made up. Error(kInvalidInput) for another grid, a resampled
// CT, or no structure at all.
std::vector<std::string> write_segmentation(const std::filesystem::path& file, const LabelMap& labels,
                                            const CtGrid& ct, const DicomProfile& profile = {});

// A probability (0 to 1) on the CT's grid as a fractional SEG of one segment, in steps of 1/255. Slices that
// are 0 throughout get no frame. Only name, colour and codes of `roi` are used. Returns notes as
// write_segmentation().
std::vector<std::string> write_fractional_segmentation(const std::filesystem::path& file,
                                                       const Volume<float>& probability, const RoiStyle& roi,
                                                       const CtGrid& ct, const DicomProfile& profile = {});

}  // namespace hepar
