// SPDX-License-Identifier: Apache-2.0
#include "hepar/plan/normalization.h"

#include <fmt/format.h>

#include <cmath>
#include <vector>

#include "hepar/core/error.h"

namespace hepar {
namespace {

constexpr double kLeastDivisor = 1e-8;

float at_least_epsilon(float divisor) { return std::max(divisor, static_cast<float>(kLeastDivisor)); }

// numpy/core/src/umath/loops_utils.h.src, @TYPE@_pairwise_sum.
float pairwise_sum(const float* values, std::size_t count) {
  if (count > 128) {
    const std::size_t half = count / 2 - count / 2 % 8;
    return pairwise_sum(values, half) + pairwise_sum(values + half, count - half);
  }
  float sum = 0;
  std::size_t n = 0;
  if (count >= 8) {
    float r[8];
    std::copy_n(values, 8, r);
    for (n = 8; n + 8 <= count; n += 8) {
      for (std::size_t lane = 0; lane < 8; ++lane) r[lane] += values[n + lane];
    }
    sum = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));
  }
  for (; n < count; ++n) sum += values[n];
  return sum;
}

// numpy.add.reduce of float32: the sums of full buffers one after the other.
class NumpySum {
 public:
  NumpySum() { buffer_.reserve(kBuffer); }
  void add(float value) {
    buffer_.push_back(value);
    if (buffer_.size() == kBuffer) flush();
  }
  float total() {
    flush();
    return sum_;
  }

 private:
  static constexpr std::size_t kBuffer = 8192;
  void flush() {
    if (!buffer_.empty()) sum_ += pairwise_sum(buffer_.data(), buffer_.size());
    buffer_.clear();
  }
  std::vector<float> buffer_;
  float sum_ = 0;
};

template <class Use>
void for_each_voxel(const GridView<float>& image, const Use& use) {
  for (std::int64_t k = 0; k < image.size.k; ++k) image.for_each_in_slice(2, k, use);
}

template <class Use>
void for_each_inside(const GridView<float>& image, const GridView<std::uint8_t>& mask, const Use& use) {
  for (std::int64_t k = 0; k < image.size.k; ++k) {
    for (std::int64_t j = 0; j < image.size.j; ++j) {
      for (std::int64_t i = 0; i < image.size.i; ++i) {
        if (mask.at({i, j, k}) != 0) use(image.at({i, j, k}));
      }
    }
  }
}

Normalization z_score(const ChannelView& channel) {
  const auto for_each = [&](const auto& use) {
    if (channel.mask) {
      for_each_inside(channel.image, *channel.mask, use);
    } else {
      for_each_voxel(channel.stored, use);
    }
  };
  NumpySum sum, squares;
  std::int64_t count = 0;
  for_each([&](float v) { sum.add(v), ++count; });
  if (count == 0) return {};
  const float total = sum.total();
  // numpy.mean divides in double, numpy.std's own mean in float32 (numpy/core/_methods.py).
  const auto mean = static_cast<float>(static_cast<double>(total) / static_cast<double>(count));
  const float inner_mean = total / static_cast<float>(count);
  for_each([&](float v) { squares.add((v - inner_mean) * (v - inner_mean)); });
  const auto variance = static_cast<float>(static_cast<double>(squares.total()) / static_cast<double>(count));
  Normalization result;
  result.subtracted = mean;
  result.divisor = at_least_epsilon(std::sqrt(variance));
  return result;
}

Normalization ct_normalization(const IntensityProperties& properties) {
  return {static_cast<float>(properties.percentile_00_5), static_cast<float>(properties.percentile_99_5),
          static_cast<float>(properties.mean), static_cast<float>(std::max(properties.std, kLeastDivisor))};
}

struct Range {
  float low, high;
};

Range range_of(const GridView<float>& image) {
  Range range{*image.first, *image.first};
  for_each_voxel(image, [&](float v) { range = {std::min(range.low, v), std::max(range.high, v)}; });
  return range;
}

}  // namespace

Normalization normalization_of(const std::string& scheme, const IntensityProperties& properties,
                               const ChannelView& channel) {
  if (scheme == "CTNormalization") return ct_normalization(properties);
  if (scheme == "ZScoreNormalization") return z_score(channel);
  Normalization result;
  if (scheme == "NoNormalization") return result;
  if (scheme == "RescaleTo01Normalization") {
    const auto [low, high] = range_of(channel.stored);
    result.subtracted = low;
    result.divisor = at_least_epsilon(high - low);
    return result;
  }
  if (scheme == "RGBTo01Normalization") {
    const auto [low, high] = range_of(channel.stored);
    if (low < 0 || high > 255) {
      throw Error(
          ErrorCode::kInvalidInput,
          fmt::format("The model wants a colour channel with values from 0 to 255; this image has {} to "
                      "{}: give it the images that it was trained for.",
                      low, high));
    }
    result.divisor = 255;
    return result;
  }
  throw Error(ErrorCode::kUnsupported,
              fmt::format("The model normalises by {}; Hepar knows CTNormalization, ZScoreNormalization, "
                          "RescaleTo01Normalization, RGBTo01Normalization and NoNormalization.",
                          scheme));
}

}  // namespace hepar
