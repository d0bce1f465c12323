// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace hepar {

// Which cases a fold trains on and which it is validated on.
struct Split {
  std::vector<std::string> training, validation;
  friend bool operator==(const Split&, const Split&) = default;
};

// The five folds that nnU-Net makes of these cases (utilities/crossval_split.py: scikit-learn's KFold,
// shuffled by RandomState(12345), over the sorted names). Fewer than five cases, which nnU-Net refuses, make
// as many folds; a single one is trained and validated on itself. Needs a case, each once.
std::vector<Split> cross_validation_splits(std::vector<std::string> cases);

// Fold number `fold`: from `splits`, or beyond their end nnU-Net's random 80:20 split by RandomState(12345 +
// fold) (training/nnUNetTrainer/nnUNetTrainer.py, do_split).
Split split_of_fold(const std::vector<Split>& splits, std::vector<std::string> cases, std::uint32_t fold);

// The first `training` of the sorted names shuffled by RandomState(12345), and the `validation` that follow;
// each list sorted. Error(kInvalidInput) when there are fewer cases or no training case is asked for.
Split counted_split(std::vector<std::string> cases, std::size_t training, std::size_t validation);

// splits_final.json: a list of {"train": [names], "val": [names]}. Errors name file and key.
std::vector<Split> read_splits(const std::filesystem::path& file);
void write_splits(const std::filesystem::path& file, const std::vector<Split>& splits);

}  // namespace hepar
