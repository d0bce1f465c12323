// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "hepar/core/progress.h"
#include "hepar/leakage/scan_match.h"
#include "hepar/pipeline/leakage_scans.h"

namespace hepar {

struct LeakageRequest {
  std::filesystem::path train, test;  // each a scan or a folder of scans, see leakage_scans.h
  bool resample_irregular = false;    // DICOM: interpolate uneven slices instead of leaving the scan out
};

// Two scans by name, and how alike the second is to the first.
struct ScanPair {
  std::string first, second;
  ScanMatch match;
};

struct LeakageReport {
  std::filesystem::path train, test;
  std::int64_t train_count = 0, test_count = 0;  // scans that were compared
  std::int64_t left_out_count = 0;               // of both; each has a note
  std::vector<ScanPair> matches;                 // first: of train, second: the same scan in test
  std::vector<ScanPair> train_duplicates;        // both of train
  std::vector<ScanPair> nearest_others;  // for each test scan the most alike train scan that is another's
  std::vector<std::string> notes;        // one sentence each
  // Nothing found, and all compared.
  bool clean() const {
    return matches.empty() && left_out_count == 0 && (test_count > 0 || train_duplicates.empty());
  }
};

// Looks for scans of `test` in `train`, and for scans that `train` holds twice, by their content alone. Scans
// that can't be read, are label maps or have too few slices are left out with a note. One CT is in memory at
// a time, and 1 to 5 MB are kept of each. The same folder twice is searched for duplicates alone, and
// test_count is 0. Throws Error: kMissing (no such place, no scan in it), kInvalidInput (none can be
// compared), kCancelled.
LeakageReport find_leakage(const LeakageRequest& request, Progress* progress = nullptr);

// Scans that have a name together; a pair calls each GROUP/NAME.
struct ScanGroup {
  std::string name;
  std::vector<NamedScan> scans;
};

// Looks for scans of the `others` among those of `train`, as find_leakage() does, with less to fail by: where
// no scan can be compared the notes say why. train_duplicates stays empty. Throws Error(kCancelled).
LeakageReport find_scans_again(const ScanGroup& train, std::span<const ScanGroup> others,
                               Progress* progress = nullptr);

// The document of --json, "hepar.leakage/1".
std::string leakage_json(const LeakageReport& report);

// One line per match and a closing sentence.
std::string leakage_text(const LeakageReport& report);

}  // namespace hepar
