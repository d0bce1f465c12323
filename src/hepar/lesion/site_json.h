// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "hepar/lesion/calibration.h"

namespace hepar {

// The document "hepar.site/1": thresholds, counts, bounds, the area under the ROC curve and at most
// kMostRocPoints of its points, evenly chosen. Two spaces of indentation, a newline at the end.
inline constexpr std::size_t kMostRocPoints = 200;
std::string site_json(const Calibration& calibration);

// The thresholds of such a document, which may have been written by hand: only `format` and `thresholds` are
// needed. Error(kCorrupt) for what is no JSON, kUnsupported for another version, and kInvalidInput naming
// the key for an unknown one, a cyst threshold outside [0.5, 1], or a tumour threshold outside [0, 1] or
// above it.
SiteThresholds read_site_json(std::string_view text);

}  // namespace hepar
