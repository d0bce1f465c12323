// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "hepar/core/vec.h"

namespace hepar::dicom {

struct SyntheticFrame {
  int segment = 1;  // 0: not said
  std::optional<Vec3> position_mm;
  std::vector<std::uint16_t> pixels;  // rows x columns
  std::string orientation;            // of this frame; empty: as all
};

// For tests: a segmentation as other vendors may write it. `attributes` are set at last, as text, by the
// names of DCMTK's dictionary; an empty text removes one.
struct SyntheticSegmentation {
  int columns = 5, rows = 3;
  std::string type = "BINARY";
  int bits = 1;
  std::vector<std::pair<int, std::string>> segments = {{1, "Liver"}};  // number and label, bytes as stored
  std::vector<SyntheticFrame> frames;
  std::string orientation = "1\\0\\0\\0\\1\\0", spacing = "0.8\\0.7";  // between rows \ between columns
  std::string slice_spacing;
  bool measures_in_frames = false;  // orientation and spacing in each frame instead of for all
  std::string syntax = "explicit";  // implicit big-endian deflated rle jpeg-ls
  std::map<std::string, std::string> attributes;
};

void write_synthetic_segmentation(const std::filesystem::path& file,
                                  const SyntheticSegmentation& segmentation);

}  // namespace hepar::dicom
