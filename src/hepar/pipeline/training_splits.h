// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "hepar/plan/splits.h"

namespace hepar {

// How the cases are split; at most one is set. None: the splits of the preprocessed folder, else the
// dataset's own, else nnU-Net's.
struct SplitChoice {
  std::string counts;          // "110/20": counted_split()
  std::filesystem::path file;  // a splits_final.json
  std::optional<Split> split;
};

struct ChosenSplits {
  std::vector<Split> splits;       // fold number `fold` is among them
  std::vector<std::string> notes;  // one sentence each
};

// The splits of these cases. Beyond the end of those that nobody chose, folds are nnU-Net's random ones
// (split_of_fold). Error(kInvalidInput) names what is wrong: counts that the cases don't suffice for, a
// file's unknown case, one that is in both lists of a fold, a fold that is not there or has no training case.
// One case alone may be trained and validated on itself; a note says so, and how many cases are in no list.
ChosenSplits choose_splits(const SplitChoice& choice, const std::vector<std::string>& cases,
                           const std::vector<std::filesystem::path>& default_files, std::uint32_t fold);

// Writes run/splits_final.json. The folds of one run share their splits: where it has a fold_K already, other
// ones than those it was begun with are Error(kInvalidInput), and further folds are appended.
void write_run_splits(const std::filesystem::path& run, const std::vector<Split>& splits);

}  // namespace hepar
