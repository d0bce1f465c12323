// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>

#include "hepar/io/image_source.h"
#include "hepar/io/number_type.h"

namespace hepar::io {

inline constexpr std::size_t kNiftiHeaderBytes = 348;

// The part of a NIfTI-1 header that Hepar uses. Field offsets and meanings: nifti1.h of the NIfTI-1.1
// standard (R. W. Cox et al., 2007).
struct NiftiHeader {
  ImageHeader image;
  NumberType number_type = NumberType::kInt16;
  bool swapped = false;           // the file has the other byte order
  std::int64_t voxel_offset = 0;  // bytes before the first voxel
  double slope = 1, intercept = 0;
};

// Throws Error(kCorrupt) when the bytes are no NIfTI-1 header of a single file, kUnsupported for what
// Hepar does not read, kInvalidInput for an orientation that can't be used.
NiftiHeader parse_nifti_header(const std::array<std::byte, kNiftiHeaderBytes>& bytes,
                               const std::filesystem::path& path);

}  // namespace hepar::io
