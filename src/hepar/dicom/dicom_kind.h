// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

namespace hepar {

enum class DicomKind { kNotDicom, kImage, kStructureSet, kSegmentation, kOther };

// What a file holds, by its SOP class, whatever its name. kNotDicom for what is no DICOM file, or no file;
// Error(kCorrupt) for a damaged DICOM file.
DicomKind dicom_kind(const std::filesystem::path& file);

}  // namespace hepar
