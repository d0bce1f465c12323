// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "hepar/report/document.h"

namespace hepar {

// A figure of the histogram: voxels as a grey field, smoothed line, fitted curve, threshold, and a legend
// with the numbers. Coloured by the page's style. Shows the middle 99 % of the voxels, 5 HU more on either
// side, and the threshold. Empty for a histogram without voxels.
std::string histogram_html(const ReportHistogram& histogram);

}  // namespace hepar
