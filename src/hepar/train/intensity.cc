// SPDX-License-Identifier: Apache-2.0
#include "hepar/train/intensity.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

namespace hepar {
namespace {

constexpr float kSmallest = 1e-7F;  // what batchgeneratorsv2 divides by at least

struct Statistics {
  double mean = 0, sd = 0;  // with n - 1
};

// Partial sums in double: a patch has millions of voxels.
Statistics statistics_of(std::span<const float> values) {
  Statistics result;
  for (const float value : values) result.mean += static_cast<double>(value);
  result.mean /= static_cast<double>(values.size());
  double squares = 0;
  for (const float value : values) {
    const double difference = static_cast<double>(value) - result.mean;
    squares += difference * difference;
  }
  result.sd = std::sqrt(squares / static_cast<double>(std::max<std::size_t>(values.size(), 2) - 1));
  return result;
}

// round() of Python rounds halves to the even number, and so does nearbyint().
std::int64_t kernel_radius(double sigma_voxels) {
  const double wanted = 6 * sigma_voxels + 0.5;
  auto length = static_cast<std::int64_t>(std::nearbyint(wanted));
  if (length % 2 == 0) length += wanted >= static_cast<double>(length) ? 1 : -1;
  return length / 2;
}

std::vector<float> gaussian_kernel(double sigma_voxels) {
  const std::int64_t radius = kernel_radius(sigma_voxels);
  std::vector<float> kernel;
  float sum = 0;
  for (std::int64_t n = -radius; n <= radius; ++n) {
    kernel.push_back(static_cast<float>(std::exp(-0.5 * std::pow(static_cast<double>(n) / sigma_voxels, 2))));
    sum += kernel.back();
  }
  for (float& weight : kernel) weight /= sum;
  return kernel;
}

// 2 1 0 1 2 3 ... for -2 -1 0 1 2 3; again and again where the axis is shorter than the way out.
std::int64_t reflected(std::int64_t n, std::int64_t length) {
  if (length == 1) return 0;
  const std::int64_t period = 2 * (length - 1);
  const std::int64_t rest = ((n % period) + period) % period;
  return std::min(rest, period - rest);
}

// Along an axis of `length` whose neighbours lie `inner` values apart.
void blur_across(std::span<float> values, std::int64_t length, std::int64_t inner,
                 const std::vector<float>& kernel) {
  const auto radius = static_cast<std::int64_t>(kernel.size()) / 2;
  const auto block_size = static_cast<std::size_t>(length * inner);
  std::vector<float> blurred(block_size);
  for (std::size_t block = 0; block < values.size(); block += block_size) {
    std::fill(blurred.begin(), blurred.end(), 0.0F);
    for (std::int64_t n = 0; n < length; ++n) {
      float* target = blurred.data() + n * inner;
      for (std::int64_t k = -radius; k <= radius; ++k) {
        const float* source = values.data() + block + reflected(n + k, length) * inner;
        const float weight = kernel[static_cast<std::size_t>(k + radius)];
        for (std::int64_t i = 0; i < inner; ++i) target[i] += weight * source[i];
      }
    }
    std::copy(blurred.begin(), blurred.end(), values.begin() + static_cast<std::ptrdiff_t>(block));
  }
}

// Along the contiguous axis.
void blur_rows(std::span<float> values, std::int64_t length, const std::vector<float>& kernel) {
  const auto radius = static_cast<std::int64_t>(kernel.size()) / 2;
  std::vector<float> padded(static_cast<std::size_t>(length + 2 * radius));
  for (std::size_t row = 0; row < values.size(); row += static_cast<std::size_t>(length)) {
    float* target = values.data() + row;
    for (std::int64_t n = -radius; n < length + radius; ++n)
      padded[static_cast<std::size_t>(n + radius)] = target[reflected(n, length)];
    std::fill(target, target + length, 0.0F);
    for (std::size_t k = 0; k < kernel.size(); ++k) {
      const float* source = padded.data() + k;
      for (std::int64_t n = 0; n < length; ++n) target[n] += kernel[k] * source[n];
    }
  }
}

// torch's nearest-exact: the voxel under the centre of the new one, in its single precision, which decides
// where the centre falls between two.
std::vector<std::int64_t> nearest_voxels(std::int64_t from, std::int64_t to) {
  std::vector<std::int64_t> voxels;
  const float step = static_cast<float>(from) / static_cast<float>(to);
  for (std::int64_t n = 0; n < to; ++n) {
    const double at = (static_cast<double>(n) + 0.5) * static_cast<double>(step);
    voxels.push_back(std::min(static_cast<std::int64_t>(static_cast<float>(at)), from - 1));
  }
  return voxels;
}

struct Taps {
  std::int64_t low, high;
  float high_weight;
};

// torch's linear interpolation with align_corners = false.
std::vector<Taps> linear_taps(std::int64_t from, std::int64_t to) {
  std::vector<Taps> taps;
  const double step = static_cast<double>(from) / static_cast<double>(to);
  for (std::int64_t n = 0; n < to; ++n) {
    const double at = std::max(0.0, step * (static_cast<double>(n) + 0.5) - 0.5);
    const auto low = std::min(static_cast<std::int64_t>(at), from - 1);
    taps.push_back({low, std::min(low + 1, from - 1), static_cast<float>(at - static_cast<double>(low))});
  }
  return taps;
}

std::vector<float> take_nearest(std::span<const float> channel, const Kernel3& size, const Kernel3& coarse) {
  std::vector<float> taken;
  taken.reserve(static_cast<std::size_t>(coarse[0] * coarse[1] * coarse[2]));
  const auto along_h = nearest_voxels(size[1], coarse[1]), along_w = nearest_voxels(size[2], coarse[2]);
  for (const std::int64_t d : nearest_voxels(size[0], coarse[0])) {
    for (const std::int64_t h : along_h) {
      const float* row = channel.data() + (d * size[1] + h) * size[2];
      for (const std::int64_t w : along_w) taken.push_back(row[w]);
    }
  }
  return taken;
}

void interpolate(std::span<const float> coarse, const Kernel3& coarse_size, std::span<float> channel,
                 const Kernel3& size) {
  const auto along_d = linear_taps(coarse_size[0], size[0]), along_h = linear_taps(coarse_size[1], size[1]),
             along_w = linear_taps(coarse_size[2], size[2]);
  std::vector<float> row(static_cast<std::size_t>(coarse_size[2]));
  float* target = channel.data();
  for (const Taps& d : along_d) {
    for (const Taps& h : along_h) {
      const auto line = [&](std::int64_t at_d, std::int64_t at_h) {
        return coarse.data() + (at_d * coarse_size[1] + at_h) * coarse_size[2];
      };
      const float *a = line(d.low, h.low), *b = line(d.low, h.high), *c = line(d.high, h.low),
                  *e = line(d.high, h.high);
      for (std::size_t n = 0; n < row.size(); ++n) {
        const float low = a[n] + h.high_weight * (b[n] - a[n]);
        row[n] = low + d.high_weight * (c[n] + h.high_weight * (e[n] - c[n]) - low);
      }
      for (const Taps& w : along_w) {
        const float low = row[static_cast<std::size_t>(w.low)];
        *target++ = low + w.high_weight * (row[static_cast<std::size_t>(w.high)] - low);
      }
    }
  }
}

}  // namespace

void add_noise(std::span<float> image, std::int64_t channels, double sd, Random random) {
  const std::size_t voxels = image.size() / static_cast<std::size_t>(channels);
  for (std::size_t v = 0; v < voxels; v += 2) {
    // Both numbers that Box & Muller make of two draws (core/random.h): noise is slow as it is.
    const double radius = sd * std::sqrt(-2 * std::log(1 - random.uniform()));
    const double angle = 2 * std::numbers::pi * random.uniform();
    const auto first = static_cast<float>(radius * std::cos(angle));
    const auto second = static_cast<float>(radius * std::sin(angle));
    for (std::size_t channel = 0; channel < image.size(); channel += voxels) {
      image[channel + v] += first;
      if (v + 1 < voxels) image[channel + v + 1] += second;
    }
  }
}

void blur(std::span<float> channel, const Kernel3& size, const std::array<double, 3>& sigma_voxels) {
  blur_across(channel, size[0], size[1] * size[2], gaussian_kernel(sigma_voxels[0]));
  blur_across(channel, size[1], size[2], gaussian_kernel(sigma_voxels[1]));
  blur_rows(channel, size[2], gaussian_kernel(sigma_voxels[2]));
}

void scale_brightness(std::span<float> channel, double factor) {
  for (float& value : channel) value *= static_cast<float>(factor);
}

void change_contrast(std::span<float> channel, double factor) {
  const auto mean = static_cast<float>(statistics_of(channel).mean);
  const auto [low, high] = std::minmax_element(channel.begin(), channel.end());
  const float lowest = *low, highest = *high;
  for (float& value : channel)
    value = std::clamp((value - mean) * static_cast<float>(factor) + mean, lowest, highest);
}

void lower_resolution(std::span<float> channel, const Kernel3& size, const std::array<double, 3>& scale) {
  Kernel3 coarse{};
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const double length = std::nearbyint(static_cast<double>(size[axis]) * scale[axis]);
    coarse[axis] = std::max<std::int64_t>(1, static_cast<std::int64_t>(length));
  }
  interpolate(take_nearest(channel, size, coarse), coarse, channel, size);
}

void change_gamma(std::span<float> channel, double exponent, bool inverted) {
  const float sign = inverted ? -1.0F : 1.0F;
  for (float& value : channel) value *= sign;
  const Statistics before = statistics_of(channel);
  const auto [low, high] = std::minmax_element(channel.begin(), channel.end());
  const float lowest = *low, range = *high - *low;
  const float divisor = std::max(range, kSmallest);
  for (float& value : channel)
    value = std::pow((value - lowest) / divisor, static_cast<float>(exponent)) * range + lowest;
  const Statistics after = statistics_of(channel);
  const auto gain = static_cast<float>(before.sd / std::max(after.sd, static_cast<double>(kSmallest)));
  const auto mean_before = static_cast<float>(before.mean), mean_after = static_cast<float>(after.mean);
  for (float& value : channel) value = sign * ((value - mean_after) * gain + mean_before);
}

}  // namespace hepar
