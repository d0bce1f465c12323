// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <span>
#include <utility>
#include <vector>

#include "hepar/nn/network_spec.h"
#include "hepar/volume/volume.h"

namespace hepar {

// Of the foreground voxels of one channel, over all cases.
struct IntensityStatistics {
  double max = 0, mean = 0, median = 0, min = 0, percentile_00_5 = 0, percentile_99_5 = 0, std = 0;
  friend bool operator==(const IntensityStatistics&, const IntensityStatistics&) = default;
};

// What nnU-Net plans a dataset by (experiment_planning/dataset_fingerprint/fingerprint_extractor.py). Axes in
// array order: k, j, i.
struct Fingerprint {
  std::vector<std::array<double, 3>> spacings_mm;  // of each case
  std::vector<Kernel3> shapes_after_crop;          // voxels of each case inside the non-zero box
  std::vector<IntensityStatistics> intensities;    // of each channel
  double median_relative_size_after_cropping = 1;  // voxels inside the box / all voxels
  friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
};

// dataset_fingerprint.json with nnU-Net's keys. A missing or ill-typed key, a spacing or size that is not
// positive, lists of different lengths: Error(kInvalidInput) naming file and key.
Fingerprint read_fingerprint(const std::filesystem::path& file);
void write_fingerprint(const std::filesystem::path& file, const Fingerprint& fingerprint);

// A sample of float values as the values there are and how often each was drawn: what CT makes small.
class ValueCounts {
 public:
  using Count = std::pair<float, std::uint32_t>;
  // `counts` in any order, a value as often as it likes.
  void add(std::vector<Count> counts);
  bool empty() const { return counts_.empty(); }
  // Needs a value. In double; percentiles by linear interpolation between order statistics as numpy's on
  // float32: their difference is rounded to float32.
  IntensityStatistics statistics() const;

 private:
  float value_at(std::uint64_t rank) const;
  double percentile(double percent) const;

  std::vector<Count> counts_;  // by value, each once
};

// Makes a fingerprint from one case after the other, so that one case is in memory at a time. Of every case
// 10^8 / cases foreground voxels are drawn with replacement, by NumPy's RandomState(1234), as there; the
// statistics are computed in double, where nnU-Net sums float32 (its mean and SD are off by some 1e-6 of
// themselves).
class FingerprintBuilder {
 public:
  // Both > 0.
  FingerprintBuilder(std::size_t case_count, std::size_t channel_count);
  // The channels of a case lie on the grid of its labels, in the frame the plan's image reader gives. Throws
  // Error(kInvalidInput) where a channel is not on that grid.
  void add(std::span<const CtVolume> channels, const LabelMap& labels);
  // Throws Error(kInvalidInput) when no case has a foreground voxel.
  Fingerprint finish() const;

 private:
  std::size_t draws_per_case_;
  std::vector<ValueCounts> values_;  // per channel
  std::vector<double> relative_sizes_;
  Fingerprint fingerprint_;
};

}  // namespace hepar
