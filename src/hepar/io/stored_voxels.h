// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>

namespace hepar::io {

// Throws Error(kMissing) when the header of a NRRD or MetaImage file names another file for its voxels that
// is not there, kUnsupported when it names several.
void require_voxel_file(const std::filesystem::path& path);

// Throws Error(kCorrupt) unless a NRRD or MetaImage file holds at least `voxel_bytes` of voxels, unpacked and
// with the right checksum where they are compressed. ITK 5.2 needs this: NrrdIO does not compare checksums,
// and MetaIO returns what it has when the file ends early or unpacking fails.
void verify_stored_voxels(const std::filesystem::path& path, std::int64_t voxel_bytes);

}  // namespace hepar::io
