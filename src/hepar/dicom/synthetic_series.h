// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace hepar::dicom {

inline constexpr int kSyntheticColumns = 6, kSyntheticRows = 4;

// For tests: one CT slice to be written as a DICOM file. `attributes` are set as text over what the other
// members say; an empty text removes the attribute. Keys as in DCMTK's dictionary, e.g. "RescaleSlope".
struct SyntheticSlice {
  double z_mm = 0;
  std::string series_uid = "1.2.3.111111";
  std::uint16_t first_pixel = 0;      // pixels count up from here
  std::vector<std::uint16_t> pixels;  // instead of counting; as stored
  std::string syntax = "explicit";    // implicit big-endian deflated rle jpeg jpeg-ls jpeg-2000 mpeg2
  bool without_pixels = false;
  bool numbers_as_text = false;  // decimal strings with the wrong value representation LO
  std::map<std::string, std::string> attributes;
};

void write_slice(const std::filesystem::path& file, const SyntheticSlice& slice);

// Slices at 0, 5, 10, ... mm with first pixels 0, 100, 200, ... under the names 0.dcm, 1.dcm, ...
std::vector<SyntheticSlice> even_slices(int count);
void write_slices(const std::filesystem::path& folder, const std::vector<SyntheticSlice>& slices);

}  // namespace hepar::dicom
