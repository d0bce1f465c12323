// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

namespace hepar::dicom {

// Throws Error(kCorrupt) for a DICOM file with sequences nested so deep that DCMTK, which calls itself for
// each level, would run out of stack: to be called before it reads a file. Looks at the elements' headers
// alone, up to the pixels; where these contradict themselves it counts the items in the file instead.
void check_nesting(const std::filesystem::path& file);

}  // namespace hepar::dicom
