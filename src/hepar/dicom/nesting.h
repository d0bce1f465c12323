// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

namespace hepar::dicom {

// Throws Error(kCorrupt) for a DICOM file with sequences nested so deep that DCMTK, which calls itself for
// each level, would run out of stack: to be called before it reads a file. Looks at the elements' headers
// alone, up to the pixels; where these contradict themselves it counts the items in the file instead.
void check_nesting(const std::filesystem::path& file);

// The same for elements in implicit VR little endian, which DCMTK left unread as the value of an unknown one.
void check_nesting(std::span<const std::uint8_t> elements);

}  // namespace hepar::dicom
