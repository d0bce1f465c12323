// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

namespace hepar::dicom {

// Decodes one image of one component, columns x rows pixels of 8 or 16 bits in the machine's byte order, into
// `pixels`, which has that many bytes. `bytes` holds a JPEG 2000 codestream (ISO/IEC 15444-1 annex A), with
// or without boxes before it. Error(kCorrupt) when it is damaged, cut short or of another size. May run in
// several threads.
void decode_jpeg2000(std::span<const std::uint8_t> bytes, std::uint32_t columns, std::uint32_t rows,
                     std::span<std::uint8_t> pixels);

}  // namespace hepar::dicom
