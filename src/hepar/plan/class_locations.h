// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "hepar/nn/model_folder.h"

namespace hepar {

// The groups of labels whose voxels training looks for: each region in its declared order, or each foreground
// label; with an ignore label all that is annotated too, -1 (outside the non-zero box) and 0 included
// (nnU-Net preprocessing/preprocessors/default_preprocessor.py, run_case_npy).
std::vector<std::vector<int>> located_classes(const DatasetLabels& labels);

// For each class, offsets into `labels` (last axis fastest) of max(min(10000, n), ceil(n / 100)) of its n
// voxels, drawn without replacement by RandomState(1234) from its labels' voxels, label after label
// (_sample_foreground_locations of the same file). Needs fewer than 2^32 voxels and 4 bytes for each of the
// classes'.
std::vector<std::vector<std::uint32_t>> class_locations(std::span<const std::int16_t> labels,
                                                        const std::vector<std::vector<int>>& classes);

}  // namespace hepar
