// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace hepar {

struct PlotPoint {
  double x = 0, y = 0;
};
struct PlotSeries {
  std::string name;               // in the legend, one line of about 90 characters; none when all are empty
  std::vector<PlotPoint> points;  // joined in this order, each marked by a dot
};
struct LinePlot {
  std::string title, x_label, y_label;
  bool log_x = false, log_y = false;
  std::vector<PlotSeries> series;
};

// Writes a plot as .svg or .png of 760 x 480 pixels, by the path's suffix; whole or not at all. The same
// plot gives the same bytes. Error(kInvalidInput) without a point, for another suffix, and for a value that
// is not finite or, on a logarithmic axis, not positive; errors of AtomicFile.
void write_line_plot(const std::filesystem::path& path, const LinePlot& plot);

}  // namespace hepar
