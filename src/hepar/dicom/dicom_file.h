// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>

#include "hepar/dicom/slice_stack.h"

namespace hepar::dicom {

// What Hepar uses of a DICOM file besides its pixels. Texts are empty and options unset where the file does
// not say.
struct FileHeader {
  std::filesystem::path file;
  std::string modality, sop_class_uid, sop_instance_uid, series_uid, study_uid, frame_of_reference_uid;
  std::string patient_key;      // tells patients apart; never shown
  std::string transfer_syntax;  // its name
  bool compressed = false, decodable = true;
  bool localizer = false, multi_frame = false;
  std::optional<SlicePlane> plane;  // only when all of its attributes are there
  int bits_allocated = 0, bits_stored = 0, high_bit = 0;
  bool is_signed = false, monochrome2 = true;
  double slope = 1, intercept = 0;
  bool has_rescale = false, rescale_is_damaged = false;
  std::optional<std::uint16_t> padding;  // Pixel Padding Value, as stored
  std::optional<double> tube_voltage_kv, slice_thickness_mm;

  bool is_ct_slice() const;  // modality CT and a CT image storage class (or none stated)
};

// Reads all up to the pixels. Nothing when the file is not DICOM; Error(kCorrupt) when it is, but damaged.
std::optional<FileHeader> read_file_header(const std::filesystem::path& file);

// Throws Error naming the file unless its pixels can be read: kUnsupported (multi-frame, compression, colour,
// bit depth), kCorrupt (attributes that contradict each other or the file's size).
void check_pixels(const FileHeader& header);

// Fills `hu` with the file's pixels after rescaling; returns how many were padding or below -1024 HU and
// were set to that. `hu` has rows x columns elements.
std::int64_t read_hu(const FileHeader& header, std::span<float> hu);

}  // namespace hepar::dicom
