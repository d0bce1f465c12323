// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "hepar/core/progress.h"

namespace hepar {

struct PreparedDataset {
  std::filesystem::path folder;
  std::size_t cases = 0, already_there = 0;
  std::vector<std::string> notes;  // of the readers, one sentence each
};

// Preprocesses every case of an nnU-Net dataset for one configuration of its plans, as nnU-Net does, into
// output/CONFIGURATION: cases/NAME.safetensors, plans.json, dataset.json, splits_final.json and, if it lies
// beside the plans, dataset_fingerprint.json. A case that is already there is kept, so that an interrupted
// run goes on; the folder must then be of the same plans and dataset.json, else Error(kInvalidInput). A case
// holds `image` float32 (C, d, h, w), `labels` int16 (d, h, w) with -1 outside the non-zero box's mask, and
// for each class n of located_classes() `locations.n` int64: offsets into the labels.
PreparedDataset prepare_dataset(const std::filesystem::path& dataset, const std::filesystem::path& output,
                                const std::filesystem::path& plans_file, const std::string& configuration,
                                Progress* progress);

}  // namespace hepar
