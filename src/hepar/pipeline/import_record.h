// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>

#include "hepar/pipeline/import_dataset.h"

namespace hepar::importing {

inline constexpr const char* kRecordFile = "import.json";

// The record that an earlier run left in the dataset, without its source and dataset paths; nothing when
// there is none. Error(kCorrupt) for what is no such document.
std::optional<ImportReport> read_record(const std::filesystem::path& dataset);

// nnU-Net's dataset.json of the cases taken: regions liver and tumour, and cyst where a case holds one.
std::string dataset_json(const ImportReport& report);

}  // namespace hepar::importing
