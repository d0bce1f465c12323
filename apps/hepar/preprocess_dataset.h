// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>

#include "hepar/core/progress.h"

namespace hepar {

// Brings an nnU-Net dataset (dataset.json, imagesTr/NAME_0000.ENDING, labelsTr/NAME.ENDING) to the default
// plan's grid and writes what hepar-train reads: plans.json, dataset.json, splits_final.json and
// cases/NAME.safetensors. The last `validation_cases` names are for validation, by default a tenth of them. A
// case that is already there is kept, so that an interrupted run goes on. Errors name the file and the fault.
void preprocess_dataset(const std::filesystem::path& dataset, const std::filesystem::path& output,
                        std::optional<std::size_t> validation_cases, Progress* progress);

}  // namespace hepar
