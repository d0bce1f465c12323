// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "hepar/figures/picture.h"

namespace hepar {

struct AgreementPoint {
  std::string name;  // written beside the point where it lies outside the limits
  double measured = 0, reference = 0;
};
struct AgreementPlot {
  std::string title, quantity, unit;  // such as "tumour volume", "mL"
  std::vector<AgreementPoint> points;
};

// Measured minus reference against the mean of both, with the bias (the mean difference) and, from two points
// on, the limits of agreement, bias +- 1.96 SD (divisor n - 1): Bland & Altman, Lancet 327:307, 1986. Their
// values stand on the right. 760 x 480 pixels. The same plot gives the same bytes. Error(kInvalidInput)
// without a point and for a value that is not finite.
std::string draw_bland_altman(const AgreementPlot& plot, PictureFormat format);

// The same as a file, whole or not at all; errors of picture_format and AtomicFile.
void write_bland_altman(const std::filesystem::path& path, const AgreementPlot& plot);

}  // namespace hepar
