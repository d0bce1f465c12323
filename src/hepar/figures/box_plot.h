// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "hepar/figures/picture.h"

namespace hepar {

struct BoxGroup {
  std::string name;
  std::vector<double> values;
};
struct BoxPlot {
  std::string title, y_label;
  std::vector<BoxGroup> groups;
  std::optional<double> low, high;  // the axis reaches at least so far, such as 0 to 1 for the DSC
};

// Every value as a point beside its neighbours, and for groups of five or more a box from the lower to the
// upper quartile (percentile() of numeric), with the median as a line, the mean as a diamond and whiskers to
// the last values within 1.5 interquartile ranges of the box: Tukey, Exploratory Data Analysis, 1977. The
// number of values stands beside each name; a group may be empty. 760 x 480 pixels, wider for more than 20
// groups. The same plot gives the same bytes. Error(kInvalidInput) without a value and for one that is not
// finite.
std::string draw_box_plot(const BoxPlot& plot, PictureFormat format);

// The same as a file, whole or not at all; errors of picture_format and AtomicFile.
void write_box_plot(const std::filesystem::path& path, const BoxPlot& plot);

}  // namespace hepar
