// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace hepar {

// Which of a model's sliding windows run. The other ones are background, of probability 0.
enum class Search {
  kFull,   // all: the exact sliding window
  kBody,   // all but those in which the network would see nothing but air
  kLabels  // of these the ones near some labels, which a coarse pass finds first
};

// Values of a label map.
struct WantedLabels {
  std::vector<int> liver;    // healthy, or whole where regions overlap
  std::vector<int> lesions;  // within it
  std::vector<int> all() const;
};

// The values that Search::kLabels looks for.
struct SearchedLabels {
  WantedLabels own;     // in the model's label maps
  WantedLabels coarse;  // in those of its coarse model, if it has one
};

// What a prediction saved by its search, and why it did not.
struct SearchRecord {
  Search effective = Search::kFull;  // what chose the windows of the result
  std::int64_t windows = 0;          // of the full sliding window
  std::int64_t windows_covered = 0;  // that are in the result
  std::int64_t windows_run = 0;      // in all passes, less the coarse one's
  std::int64_t coarse_windows = 0;   // run by the coarse pass, on its own grid
  int passes = 0;                    // how often the fine windows ran: 1 unless a pass did not do
  double coarse_seconds = 0;         // wall clock
  std::int64_t dropped_parts = 0;    // of the coarse finding, each small and without a lesion
  double dropped_ml = 0;             // ... in all
  std::string not_searched;          // why there was no search for labels though it was asked for
  std::string fallback;              // why the windows near the labels did not do
  bool operator==(const SearchRecord&) const = default;
};

}  // namespace hepar
