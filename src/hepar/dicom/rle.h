// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

namespace hepar::dicom {

// Decodes one frame of DICOM's run length encoding (PS3.5 annex G) of one sample per pixel, 8 or 16 bits,
// little endian, into `pixels`, which has the frame's size. Not by DCMTK, whose version 3.6.7 reads beyond
// the frame when a segment's offset does. Error(kCorrupt) for segments that are missing, elsewhere or too
// short.
void decode_rle(std::span<const std::uint8_t> frame, int bytes_per_pixel, std::span<std::uint8_t> pixels);

}  // namespace hepar::dicom
