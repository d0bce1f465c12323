// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "hepar/lesion/calibration.h"

namespace hepar {

// A site's regions with their truth.
struct RegionTable {
  std::vector<LabelledRegion> regions;
  std::vector<std::string> notes;  // what was left out
};

// Reads regions.csv files of `hepar filter`, one or several put together, whose column `truth` a site has
// filled with "cyst" or "tumour". Needed columns: probability_cyst and truth; a region with text in `guards`
// is guarded; `case` and `region`, where both are there, name a region. Columns may stand in any order and
// others are ignored; repeated header lines are skipped. Rows with an empty truth are left out and counted
// in the notes. Error(kInvalidInput) naming the line for another truth, a probability outside [0, 1], a row
// of another length, and a region that is there twice; also for fields separated by ';'.
RegionTable read_region_table(std::string_view text);

struct SiteCalibration {
  Calibration calibration;
  std::vector<std::string> notes;
};

// Calibrates from the table in `regions_csv` (at most 64 MiB) and writes `site_json`, whole or not at all.
SiteCalibration calibrate_site(const std::filesystem::path& regions_csv,
                               const std::filesystem::path& site_json);

// The summary, one screen.
std::string calibration_text(const Calibration& calibration);

}  // namespace hepar
