// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "hepar/dicom/folder_inventory.h"

namespace hepar::dicom {

// Fills what an RTSTRUCT (PS3.3 C.8.8.5, C.8.8.6) or a SEG (C.8.20.2, C.12.1.1.11) says of its structures and
// of the images it was drawn on; long values stay on the disk. Error(kCorrupt) when it is damaged.
void read_references(DicomObject& object);

}  // namespace hepar::dicom
