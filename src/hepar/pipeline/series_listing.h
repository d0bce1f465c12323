// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "hepar/dicom/folder_inventory.h"

namespace hepar {

// A table with a line for each series, then their problems, and what else lies in the folder.
std::string inventory_text(const FolderInventory& inventory);

// The document "hepar.series/1". UIDs are whole here; there are no names, dates and descriptions.
std::string inventory_json(const FolderInventory& inventory);

}  // namespace hepar
