// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "hepar/io/image_io.h"
#include "hepar/io/image_source.h"

namespace hepar::io {

// The grid of a file with right-angled axes: those of the file when they are orthonormal to 1e-6 (what
// float32 keeps), else the nearest ones when the deviation is at most 1e-3 or the options accept it.
// Throws Error(kInvalidInput) naming the deviation and `--accept-skewed-directions`, or for a grid without
// voxels, spacing or finite numbers.
Geometry usable_geometry(const ImageHeader& header, const ReadOptions& options,
                         const std::filesystem::path& path);

// The sentence for the user when usable_geometry() changed the axes.
std::optional<std::string> snapping_note(const ImageHeader& header);

}  // namespace hepar::io
