// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "hepar/core/vec.h"
#include "hepar/report/document.h"

namespace hepar {

// One judged region as a page shows it, and where to look for it.
struct LesionPage {
  ReportLesion lesion;  // without slices
  Vec3 centroid_lps_mm;
  double diameter_mm = 0;
};

// The regions of a result folder's lesions.json with the histograms of its histograms.csv, the largest first,
// and its notes. Nothing where the folder has no lesions.json. Error(kCorrupt) for files that can't be read,
// Error(kUnsupported) for another version.
struct LesionPages {
  std::vector<LesionPage> lesions;
  std::vector<std::string> notes;
};
LesionPages read_lesion_pages(const std::filesystem::path& folder);

}  // namespace hepar
