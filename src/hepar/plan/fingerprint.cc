// SPDX-License-Identifier: Apache-2.0
#include "hepar/plan/fingerprint.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/nn/json_file.h"
#include "hepar/numeric/numpy_random.h"
#include "hepar/plan/fingerprint_json.h"
#include "hepar/plan/nonzero.h"
#include "hepar/plan/numpy_statistics.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;

constexpr std::size_t kDraws = 100'000'000;  // num_foreground_voxels_for_intensitystats, 10e7
constexpr std::uint32_t kSeed = 1234;        // collect_foreground_intensities

using StatisticsField = double IntensityStatistics::*;
constexpr std::array<std::pair<const char*, StatisticsField>, 7> kFields{
    {{"max", &IntensityStatistics::max},
     {"mean", &IntensityStatistics::mean},
     {"median", &IntensityStatistics::median},
     {"min", &IntensityStatistics::min},
     {"percentile_00_5", &IntensityStatistics::percentile_00_5},
     {"percentile_99_5", &IntensityStatistics::percentile_99_5},
     {"std", &IntensityStatistics::std}}};  // as nnU-Net sorts them

std::array<double, 3> read_positive(const JsonNode& node) {
  const auto items = node.list();
  if (items.size() != 3) node.fail(fmt::format("has {} values, not 3", items.size()));
  std::array<double, 3> values{};
  for (std::size_t axis = 0; axis < 3; ++axis) {
    values[axis] = items[axis].number();
    if (values[axis] <= 0) items[axis].fail(fmt::format("is {}, not positive", values[axis]));
  }
  return values;
}

Kernel3 read_shape(const JsonNode& node) {
  read_positive(node);
  const auto items = node.list();
  return {items[0].integer(), items[1].integer(), items[2].integer()};
}

// In array order, which the draws depend on.
std::vector<float> foreground_values(const CtVolume& channel, const LabelMap& labels, const Box3& box) {
  std::vector<float> values;
  for (std::int64_t k = box.low.k; k < box.high.k; ++k) {
    for (std::int64_t j = box.low.j; j < box.high.j; ++j) {
      const std::size_t row = labels.offset({0, j, k});
      const std::size_t end = row + static_cast<std::size_t>(box.high.i);
      for (std::size_t n = row + static_cast<std::size_t>(box.low.i); n < end; ++n) {
        if (labels.voxels()[n] > 0) values.push_back(channel.voxels()[n]);
      }
    }
  }
  return values;
}

std::vector<ValueCounts::Count> draw(const std::vector<float>& values, std::size_t draws,
                                     NumpyRandom& random) {
  std::vector<std::uint32_t> times(values.size());
  for (std::size_t n = 0; n < draws; ++n) ++times[random.up_to(values.size() - 1)];
  std::vector<ValueCounts::Count> counts;
  for (std::size_t n = 0; n < values.size(); ++n) {
    if (times[n] > 0) counts.emplace_back(values[n], times[n]);
  }
  return counts;
}

}  // namespace

void ValueCounts::add(std::vector<Count> counts) {
  std::sort(counts.begin(), counts.end());
  const auto middle = static_cast<std::ptrdiff_t>(counts_.size());
  counts_.insert(counts_.end(), counts.begin(), counts.end());
  std::inplace_merge(counts_.begin(), counts_.begin() + middle, counts_.end());
  if (counts_.empty()) return;
  std::size_t last = 0;
  for (std::size_t n = 1; n < counts_.size(); ++n) {
    if (counts_[n].first == counts_[last].first) {
      counts_[last].second += counts_[n].second;
    } else {
      counts_[++last] = counts_[n];
    }
  }
  counts_.resize(last + 1);
}

float ValueCounts::value_at(std::uint64_t rank) const {
  for (const auto& [value, count] : counts_) {
    if (rank < count) return value;
    rank -= count;
  }
  return counts_.back().first;
}

double ValueCounts::percentile(double percent) const {
  std::uint64_t total = 0;
  for (const auto& [value, count] : counts_) total += count;
  const double at = static_cast<double>(total - 1) * (percent / 100);
  const double below = std::floor(at);
  const auto rank = static_cast<std::uint64_t>(below);
  const float low = value_at(rank);
  const float high = value_at(std::min(rank + 1, total - 1));
  return numpy_interpolate(low, high, high - low, at - below);
}

IntensityStatistics ValueCounts::statistics() const {
  HEPAR_EXPECT(!empty(), "no value to describe");
  double total = 0;
  double sum = 0;
  for (const auto& [value, count] : counts_) {
    total += count;
    sum += static_cast<double>(value) * count;
  }
  const double mean = sum / total;
  double squares = 0;
  for (const auto& [value, count] : counts_) squares += (value - mean) * (value - mean) * count;
  return {.max = counts_.back().first,
          .mean = mean,
          .median = percentile(50),
          .min = counts_.front().first,
          .percentile_00_5 = percentile(0.5),
          .percentile_99_5 = percentile(99.5),
          .std = std::sqrt(squares / total)};
}

FingerprintBuilder::FingerprintBuilder(std::size_t case_count, std::size_t channel_count)
    : draws_per_case_(kDraws / std::max<std::size_t>(case_count, 1)), values_(channel_count) {
  HEPAR_EXPECT(case_count > 0 && channel_count > 0,
               fmt::format("{} cases of {} channels", case_count, channel_count));
}

void FingerprintBuilder::add(std::span<const CtVolume> channels, const LabelMap& labels) {
  HEPAR_EXPECT(channels.size() == values_.size(),
               fmt::format("{} channels, not {}", channels.size(), values_.size()));
  for (std::size_t channel = 0; channel < channels.size(); ++channel) {
    if (channels[channel].size() == labels.size()) continue;
    const Int3 size = channels[channel].size();
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("channel {} has {} x {} x {} voxels, the labels {} x {} x {}", channel, size.i,
                            size.j, size.k, labels.size().i, labels.size().j, labels.size().k));
  }
  const Box3 box = nonzero_box(channels);
  const Int3 inside = box.size();
  const Vec3 spacing = channels.front().geometry().spacing_mm;
  fingerprint_.spacings_mm.push_back({spacing.z, spacing.y, spacing.x});
  fingerprint_.shapes_after_crop.push_back({inside.k, inside.j, inside.i});
  relative_sizes_.push_back(static_cast<double>(inside.count()) / static_cast<double>(labels.size().count()));
  NumpyRandom random(kSeed);
  for (std::size_t channel = 0; channel < channels.size(); ++channel) {
    const std::vector<float> values = foreground_values(channels[channel], labels, box);
    if (!values.empty()) values_[channel].add(draw(values, draws_per_case_, random));
  }
}

Fingerprint FingerprintBuilder::finish() const {
  Fingerprint fingerprint = fingerprint_;
  for (const ValueCounts& values : values_) {
    if (values.empty()) {
      throw Error(
          ErrorCode::kInvalidInput,
          "no case has a voxel of a label other than 0, so there is nothing to plan by; see labelsTr");
    }
    fingerprint.intensities.push_back(values.statistics());
  }
  fingerprint.median_relative_size_after_cropping = numpy_median(relative_sizes_);
  return fingerprint;
}

Fingerprint read_fingerprint(const fs::path& file) {
  const JsonNode::Json json = parse_json_file(file);
  const JsonNode root(json, file.string());
  Fingerprint fingerprint;
  for (const JsonNode& node : root.at("spacings").list())
    fingerprint.spacings_mm.push_back(read_positive(node));
  const JsonNode shapes = root.at("shapes_after_crop");
  for (const JsonNode& node : shapes.list()) fingerprint.shapes_after_crop.push_back(read_shape(node));
  if (shapes.list().empty()) shapes.fail("names no case");
  if (fingerprint.spacings_mm.size() != fingerprint.shapes_after_crop.size()) {
    shapes.fail(fmt::format("has {} cases, 'spacings' {}", fingerprint.shapes_after_crop.size(),
                            fingerprint.spacings_mm.size()));
  }
  const JsonNode intensities = root.at("foreground_intensity_properties_per_channel");
  if (intensities.members().empty()) intensities.fail("names no channel");
  for (std::size_t channel = 0; channel < intensities.members().size(); ++channel) {
    const JsonNode node = intensities.at(std::to_string(channel));
    IntensityStatistics& statistics = fingerprint.intensities.emplace_back();
    for (const auto& [key, field] : kFields) statistics.*field = node.at(key).number();
  }
  fingerprint.median_relative_size_after_cropping = root.at("median_relative_size_after_cropping").number();
  return fingerprint;
}

nlohmann::ordered_json intensities_json(const std::vector<IntensityStatistics>& channels) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (std::size_t channel = 0; channel < channels.size(); ++channel) {
    nlohmann::ordered_json& node = json[std::to_string(channel)];
    for (const auto& [key, field] : kFields) node[key] = channels[channel].*field;
  }
  return json;
}

void write_fingerprint(const fs::path& file, const Fingerprint& fingerprint) {
  const nlohmann::ordered_json json{
      {"foreground_intensity_properties_per_channel", intensities_json(fingerprint.intensities)},
      {"median_relative_size_after_cropping", fingerprint.median_relative_size_after_cropping},
      {"shapes_after_crop", fingerprint.shapes_after_crop},
      {"spacings", fingerprint.spacings_mm}};
  write_text_file(file, json.dump(4, ' ', true));
}

}  // namespace hepar
