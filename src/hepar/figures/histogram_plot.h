// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "hepar/figures/picture.h"

namespace hepar {

// n(h) = amplitude / sqrt(2 pi std_hu^2) exp(-(h - mean_hu)^2 / (2 std_hu^2)): formula 2 of Lin et al.,
// Front. Oncol. 14:1423774, 2024.
struct HistogramCurve {
  double amplitude = 0;  // area under the curve, voxels * HU
  double mean_hu = 0, std_hu = 0;
};
struct RegionHistogram {
  std::string name;
  int first_hu = 0;              // the first bin; each is 1 HU wide and centred on a whole number
  std::vector<double> counts;    // voxels
  std::vector<double> smoothed;  // of the same bins; empty: not drawn
  std::optional<HistogramCurve> curve;
};
struct HistogramPlot {
  std::string title;
  std::vector<RegionHistogram> regions;  // a panel each, two side by side
  std::optional<double> threshold_hu;
};

// The HU of regions as in the paper's Figure 3: counts, their smoothed line, the fitted curve with its A, M
// and S, and the threshold. All panels show the same HU: the middle 99 % of each region's voxels, 3 S around
// each mean, and the threshold. One panel has 760 x 480 pixels, two 1000 x 450. The same plot gives the same
// bytes. Error(kInvalidInput) without a region, for a region without a voxel, lengths that differ, an S that
// is not positive, and a number that is not finite or a count below zero.
std::string draw_histogram_plot(const HistogramPlot& plot, PictureFormat format);

// The same as a file, whole or not at all; errors of picture_format and AtomicFile.
void write_histogram_plot(const std::filesystem::path& path, const HistogramPlot& plot);

}  // namespace hepar
