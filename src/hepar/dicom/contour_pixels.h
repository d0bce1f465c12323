// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "hepar/imaging/planar_contours.h"

namespace hepar::dicom {

// The pixels that a contour holds, in a box of them: low_i <= i < low_i + columns, low_j <= j < low_j + rows.
struct ContourPixels {
  std::int64_t low_i = 0, low_j = 0, columns = 0, rows = 0;
  std::int64_t count = 0;            // of pixels inside
  std::vector<std::uint8_t> inside;  // of the box, i fastest, 0 or 1
};

// The pixels of an image of columns x rows whose centres lie within a contour by the even-odd rule. Where the
// two ways of a channel to a hole lie up to 1/20 pixel apart, centres between them count as within.
ContourPixels fill_contour(const PlaneLoop& loop, std::int64_t columns, std::int64_t rows);

struct Combination {
  std::int64_t twice_count = 0;  // contours left out as they hold the same pixels as another one
  // Contours that share pixels with another one, neither being within the other.
  std::int64_t joined_count = 0;
  std::int64_t hole_count = 0;  // contours within another one; not islands within these
};

// Puts contours of one slice together in `slice`, columns wide: one within another is a hole, one within a
// hole an island; others are joined.
Combination combine_contours(std::vector<ContourPixels> contours, std::int64_t columns,
                             std::span<std::uint8_t> slice);

}  // namespace hepar::dicom
