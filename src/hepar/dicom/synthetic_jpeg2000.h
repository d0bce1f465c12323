// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

namespace hepar::dicom {

// For tests: a lossless JPEG 2000 codestream of columns x rows pixels of `bits` bits; of signed pixels the
// values are their two's complement.
std::vector<std::uint8_t> encode_jpeg2000(const std::vector<std::uint16_t>& pixels, std::uint32_t columns,
                                          std::uint32_t rows, std::uint32_t bits = 16,
                                          bool is_signed = false);

}  // namespace hepar::dicom
