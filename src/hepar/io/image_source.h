// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "hepar/core/vec.h"

namespace hepar::io {

// What a file says about its grid, before any judgement: world is LPS in mm, `axes` holds the world
// directions of i, j, k as unit vectors, which need not be at right angles.
struct ImageHeader {
  Int3 size{};
  Vec3 spacing_mm{1, 1, 1};
  Vec3 origin_mm{};
  Mat3 axes = Mat3::identity();
  std::int64_t bytes_per_voxel = 1;
  std::vector<std::string> notes;
};

// Takes the voxels in file order, a piece at a time, scaled as the file says.
using VoxelSink = std::function<void(std::span<const double>)>;

// An image file whose header has been read and found usable.
class ImageSource {
 public:
  virtual ~ImageSource() = default;
  virtual const ImageHeader& header() const = 0;
  // Delivers exactly size.count() voxels or throws Error(kCorrupt).
  virtual void read(const VoxelSink& sink) = 0;
};

// Throw as read_ct does, in image_io.h.
std::unique_ptr<ImageSource> open_nifti(const std::filesystem::path& path);
std::unique_ptr<ImageSource> open_itk(const std::filesystem::path& path);  // .nrrd .nhdr .mha .mhd

// Throws Error(kCorrupt) when a file of `file_bytes` can't hold `claimed_bytes`, compressed or not.
void check_claimed_size(const std::filesystem::path& path, std::int64_t claimed_bytes, bool compressed);

}  // namespace hepar::io
