// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

namespace hepar {

// .svg: lines and text (font DejaVu Sans, or the viewer's at the same width); .png: pixels, or twice as many
// each way for fine screens and print.
enum class PictureFormat { kSvg, kPng, kPngDouble };

// The format that a path's suffix names: .svg or .png; Error(kInvalidInput) for another one.
PictureFormat picture_format(const std::filesystem::path& path);

}  // namespace hepar
