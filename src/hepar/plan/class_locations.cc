// SPDX-License-Identifier: Apache-2.0
#include "hepar/plan/class_locations.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "hepar/core/error.h"
#include "hepar/numeric/numpy_random.h"

namespace hepar {
namespace {

constexpr std::uint32_t kSeed = 1234;
constexpr double kMinSamples = 10000, kMinCoverage = 0.01;

}  // namespace

std::vector<std::vector<int>> located_classes(const DatasetLabels& labels) {
  std::vector<std::vector<int>> classes;
  if (labels.has_regions()) {
    for (const auto& [name, values] : labels.regions) classes.push_back(values);
  } else {
    for (const int label : labels.foreground_labels) classes.push_back({label});
  }
  if (labels.ignore_label) {
    classes.push_back({-1, 0});
    classes.back().insert(classes.back().end(), labels.foreground_labels.begin(),
                          labels.foreground_labels.end());
  }
  return classes;
}

std::vector<std::vector<std::uint32_t>> class_locations(std::span<const std::int16_t> labels,
                                                        const std::vector<std::vector<int>>& classes) {
  HEPAR_EXPECT(labels.size() <= std::numeric_limits<std::uint32_t>::max(),
               fmt::format("{} voxels", labels.size()));
  std::map<int, std::vector<std::uint32_t>> voxels;
  for (const auto& values : classes) {
    for (const int label : values) voxels[label];
  }
  for (std::size_t n = 0; n < labels.size(); ++n) {
    const auto found = voxels.find(labels[n]);
    if (found != voxels.end()) found->second.push_back(static_cast<std::uint32_t>(n));
  }
  NumpyRandom random(kSeed);
  std::vector<std::vector<std::uint32_t>> locations;
  for (const auto& values : classes) {
    std::vector<std::uint32_t> all;
    for (const int label : values) all.insert(all.end(), voxels[label].begin(), voxels[label].end());
    const auto total = static_cast<double>(all.size());
    const double samples = std::max(std::min(kMinSamples, total), std::ceil(total * kMinCoverage));
    std::vector<std::uint32_t>& chosen = locations.emplace_back();
    for (const std::uint32_t n :
         random.choice(static_cast<std::uint32_t>(all.size()), static_cast<std::uint32_t>(samples))) {
      chosen.push_back(all[n]);
    }
  }
  return locations;
}

}  // namespace hepar
