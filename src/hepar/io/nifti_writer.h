// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

#include "hepar/io/number_type.h"
#include "hepar/volume/geometry.h"

namespace hepar::io {

// Writes packed voxels of `type` as .nii or .nii.gz, by suffix, with the grid as both sform and qform; whole
// or not at all. Not by ITK: niftilib prints to stderr when a write fails and goes on.
void write_nifti(const std::filesystem::path& path, const Geometry& geometry, NumberType type,
                 std::span<const std::byte> voxels);

}  // namespace hepar::io
