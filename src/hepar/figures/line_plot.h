// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "hepar/figures/picture.h"

namespace hepar {

struct PlotPoint {
  double x = 0, y = 0;
};
struct PlotSeries {
  std::string name;               // in the legend; none when all are empty
  std::vector<PlotPoint> points;  // joined in this order, each with the series' mark
};
struct LinePlot {
  std::string title, x_label, y_label;
  bool log_x = false, log_y = false;
  std::vector<PlotSeries> series;
};

// A picture of 760 x 480 pixels. The same plot gives the same bytes. Error(kInvalidInput) without a point and
// for a value that is not finite or, on a logarithmic axis, not positive.
std::string draw_line_plot(const LinePlot& plot, PictureFormat format);

// The same as a file, whole or not at all; errors of picture_format and AtomicFile.
void write_line_plot(const std::filesystem::path& path, const LinePlot& plot);

}  // namespace hepar
