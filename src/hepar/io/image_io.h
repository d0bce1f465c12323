// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "hepar/volume/volume.h"

namespace hepar {

struct ReadOptions {
  // Directions that are more than 1e-3 from orthonormal: replaced by the nearest orthonormal ones when
  // true, refused when false.
  bool accept_skewed_directions = false;
  // Of a CT: voxels that are not finite are refused instead of being read as air.
  bool refuse_not_finite = false;
};

struct CtImage {
  CtVolume voxels;
  std::vector<std::string> notes;  // one sentence each for what the user should know, e.g. snapped directions
};

struct LabelImage {
  LabelMap voxels;
  std::vector<std::string> notes;
};

// True when the name ends in a suffix that read_ct and read_labels know: .nii .nii.gz .nrrd .nhdr .mha .mhd.
bool is_image_file_name(const std::filesystem::path& path);

// Reads a 3-D scalar image of any number type; scl_slope and scl_inter are applied. Voxels keep the order of
// the file, whatever its orientation; the geometry says where they lie. NaN and infinite voxels become
// -1024 HU and are counted in a note, as padding outside the scan is often written so, unless the options
// refuse them. Throws Error: kMissing (no such file, no permission), kCorrupt (not the format that the suffix
// promises, truncated, wrong checksum), kUnsupported (colour, complex, several volumes, other suffix),
// kInvalidInput (skewed or singular directions, a folder, refused voxels), kExhausted (larger than this
// machine's memory).
CtImage read_ct(const std::filesystem::path& path, const ReadOptions& options = {});

// The same for a label map of any number type whose values are whole numbers from 0 to 255; others are
// Error(kInvalidInput) with the first offending value.
LabelImage read_labels(const std::filesystem::path& path, const ReadOptions& options = {});

// Writes .nii or .nii.gz, whole or not at all, with the same bytes for the same voxels. Throws Error:
// kExhausted (disk full, file size limit), kMissing (no such folder), kUnsupported (other suffix).
void write_labels(const std::filesystem::path& path, const LabelMap& labels);
// Labels below 255 as uint8, others as uint16, as nnU-Net does (imageio/simpleitk_reader_writer.py).
void write_labels(const std::filesystem::path& path, const WideLabelMap& labels);

// As int16 when every voxel is a whole number that fits, otherwise as float32.
void write_ct(const std::filesystem::path& path, const CtVolume& ct);

}  // namespace hepar
