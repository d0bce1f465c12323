// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "hepar/dicom/dicom_file.h"
#include "hepar/dicom/folder_inventory.h"

namespace hepar::dicom {

// Fills sizes, distances, orientation and transfer syntaxes of a series from the headers of its files, and
// adds what is wrong with them.
void state_facts(const std::vector<FileHeader>& headers, DicomSeries& series);

}  // namespace hepar::dicom
