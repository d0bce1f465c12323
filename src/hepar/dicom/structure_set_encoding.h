// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "hepar/dicom/structure_set.h"

namespace hepar::dicom {

// The bytes of the file that write_structure_set() writes; its errors.
std::vector<std::byte> encoded_structure_set(const StructureSet& structures, const CtGrid& ct,
                                             const DicomProfile& profile);

}  // namespace hepar::dicom
