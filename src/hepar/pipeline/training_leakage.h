// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "hepar/core/progress.h"
#include "hepar/pipeline/training_set.h"
#include "hepar/plan/splits.h"

namespace hepar {

// Compares every validation case of the split and every scan of `test_data` (empty: none; else as
// list_scans() takes it) with every training case, by their content. When one is the same scan as a training
// case: Error(kInvalidInput) naming the pairs. A case that is validated on itself by intent is left out.
// `record` keeps the lists that passed ("hepar.training_leakage/1"): the same lists are not read again.
// Returns notes, such as scans too short to compare. Needs as long as reading all images.
std::vector<std::string> refuse_leakage(const TrainingSet& set, const Split& split,
                                        const std::filesystem::path& test_data,
                                        const std::filesystem::path& record, Progress* progress);

}  // namespace hepar
