// SPDX-License-Identifier: Apache-2.0
#include "hepar/phantom/noise_texture.h"

#include <algorithm>
#include <cmath>
#include <complex>

#include "hepar/core/parallel.h"
#include "hepar/phantom/acquisition.h"
#include "hepar/phantom/fourier.h"

namespace hepar::phantom {
namespace {

constexpr std::size_t kFewestPatches = 24, kMostPatches = 600;

// One patch without its plane, and the same place in the next slice where that is inside too.
struct Patch {
  std::vector<float> values, next;
  double variance = 0;
};

class PatchReader {
 public:
  PatchReader(const CtVolume& ct, const LabelMap& labels, std::uint8_t label, std::int64_t side)
      : ct_(ct), labels_(labels), label_(label), frame_(ct.geometry()), side_(side) {}

  std::vector<Patch> read_all() const {
    std::vector<Int3> places;
    for (std::int64_t k = 0; k < frame_.size.k; ++k)
      for (std::int64_t j = 0; j + side_ <= frame_.size.j; j += side_)
        for (std::int64_t i = 0; i + side_ <= frame_.size.i; i += side_)
          if (inside({i, j, k})) places.push_back({i, j, k});
    std::vector<Patch> patches;
    const std::size_t step = places.size() / kMostPatches + 1;
    for (std::size_t n = 0; n < places.size(); n += step) {
      Patch patch{values(places[n]), {}, 0};
      for (const float v : patch.values) patch.variance += static_cast<double>(v) * static_cast<double>(v);
      patch.variance /= static_cast<double>(side_ * side_ - 3);
      if (!std::isfinite(patch.variance)) continue;
      const Int3 next = places[n] + Int3{0, 0, 1};
      if (next.k < frame_.size.k && inside(next)) patch.next = values(next);
      patches.push_back(std::move(patch));
    }
    return patches;
  }

 private:
  bool inside(Int3 low) const {
    const auto is_label = [&](std::int64_t i, std::int64_t j) {
      return labels_.voxels()[frame_.offset(low + Int3{i, j, 0})] == label_;
    };
    const std::int64_t last = side_ - 1;
    if (!is_label(last / 2, last / 2) || !is_label(0, 0) || !is_label(last, last)) return false;
    for (std::int64_t j = 0; j < side_; ++j)
      for (std::int64_t i = 0; i < side_; ++i)
        if (!is_label(i, j)) return false;
    return true;
  }

  // HU less the plane through them; the coordinates about the middle are orthogonal.
  std::vector<float> values(Int3 low) const {
    const double middle = 0.5 * static_cast<double>(side_ - 1);
    double sum = 0, along_i = 0, along_j = 0, squares = 0;
    std::vector<double> hu;
    for (std::int64_t j = 0; j < side_; ++j)
      for (std::int64_t i = 0; i < side_; ++i) {
        hu.push_back(static_cast<double>(ct_.voxels()[frame_.offset(low + Int3{i, j, 0})]));
        const double x = static_cast<double>(i) - middle, y = static_cast<double>(j) - middle;
        sum += hu.back(), along_i += x * hu.back(), along_j += y * hu.back(), squares += x * x;
      }
    std::vector<float> rest;
    for (std::int64_t j = 0; j < side_; ++j)
      for (std::int64_t i = 0; i < side_; ++i) {
        const double x = static_cast<double>(i) - middle, y = static_cast<double>(j) - middle;
        const double plane = sum / static_cast<double>(side_ * side_) + (along_i * x + along_j * y) / squares;
        rest.push_back(static_cast<float>(hu[rest.size()] - plane));
      }
    return rest;
  }

  const CtVolume& ct_;
  const LabelMap& labels_;
  std::uint8_t label_;
  SliceFrame frame_;
  std::int64_t side_;
};

void add_periodogram(const std::vector<float>& values, std::size_t side, std::vector<double>& power) {
  std::vector<std::complex<float>> image(values.begin(), values.end());
  const auto hann = [side](std::size_t n) {
    return 0.5 -
           0.5 * std::cos(6.283185307179586 * (static_cast<double>(n) + 0.5) / static_cast<double>(side));
  };
  for (std::size_t j = 0; j < side; ++j)
    for (std::size_t i = 0; i < side; ++i) image[j * side + i] *= static_cast<float>(hann(i) * hann(j));
  transform_square(image, side);
  for (std::size_t n = 0; n < image.size(); ++n) power[n] += static_cast<double>(std::norm(image[n]));
}

// The power on a finer raster of frequencies, linear between.
std::vector<double> interpolate(const NoiseTexture& texture, std::int64_t side) {
  const double ratio = static_cast<double>(texture.pixels) / static_cast<double>(side);
  const auto n = static_cast<std::size_t>(texture.pixels);
  std::vector<double> power;
  for (std::int64_t j = 0; j < side; ++j)
    for (std::int64_t i = 0; i < side; ++i) {
      const double u = ratio * static_cast<double>(i), v = ratio * static_cast<double>(j);
      const auto a = static_cast<std::size_t>(u), b = static_cast<std::size_t>(v);
      const double s = u - static_cast<double>(a), t = v - static_cast<double>(b);
      const auto at = [&](std::size_t x, std::size_t y) { return texture.power[y % n * n + x % n]; };
      power.push_back((1 - t) * ((1 - s) * at(a, b) + s * at(a + 1, b)) +
                      t * ((1 - s) * at(a, b + 1) + s * at(a + 1, b + 1)));
    }
  return power;
}

}  // namespace

double NoiseTexture::correlation(int axis, std::int64_t pixels_apart) const {
  const auto n = static_cast<std::size_t>(pixels);
  double sum = 0, total = 0;
  for (std::size_t at = 0; at < power.size(); ++at) {
    const std::size_t frequency = axis == 0 ? at % n : at / n;
    const double turns =
        static_cast<double>(frequency) * static_cast<double>(pixels_apart) / static_cast<double>(n);
    total += power[at], sum += power[at] * std::cos(6.283185307179586 * turns);
  }
  return total > 0 ? sum / total : 0;
}

std::vector<std::vector<float>> NoiseTexture::draw(Random random, std::int64_t side,
                                                   std::int64_t slices) const {
  const std::vector<double> fine = interpolate(*this, side);
  const NoiseShaper shaper(side, fine);
  std::vector<std::vector<float>> noise(static_cast<std::size_t>(slices + slices % 2),
                                        std::vector<float>(static_cast<std::size_t>(side * side)));
  parallel_for((slices + 1) / 2, [&](std::int64_t n) {
    shaper.draw_pair(random.fork(static_cast<std::uint64_t>(n)), noise[static_cast<std::size_t>(2 * n)],
                     noise[static_cast<std::size_t>(2 * n + 1)]);
  });
  noise.resize(static_cast<std::size_t>(slices));
  const auto old = static_cast<float>(slice_correlation);
  const float fresh = std::sqrt(1 - old * old);
  for (std::size_t k = 1; k < noise.size(); ++k)
    for (std::size_t v = 0; v < noise[k].size(); ++v)
      noise[k][v] = old * noise[k - 1][v] + fresh * noise[k][v];
  return noise;
}

std::optional<NoiseTexture> measure_noise_texture(const CtVolume& ct, const LabelMap& labels,
                                                  std::uint8_t label, std::optional<double> sd_hu) {
  std::vector<Patch> patches;
  NoiseTexture texture;
  for (const std::int64_t side : {16, 8, 4}) {
    patches = PatchReader(ct, labels, label, side).read_all();
    texture.pixels = side;
    if (patches.size() >= kFewestPatches) break;
  }
  if (patches.size() < kFewestPatches) return std::nullopt;
  std::stable_sort(patches.begin(), patches.end(),
                   [](const Patch& a, const Patch& b) { return a.variance < b.variance; });
  patches.resize(patches.size() / 2);
  texture.power.assign(static_cast<std::size_t>(texture.pixels * texture.pixels), 0.0);
  double product = 0, square = 0, variance = 0;
  for (const Patch& patch : patches) {
    add_periodogram(patch.values, static_cast<std::size_t>(texture.pixels), texture.power);
    variance += patch.variance / static_cast<double>(patches.size());
    for (std::size_t n = 0; n < patch.next.size(); ++n) {
      const auto a = static_cast<double>(patch.values[n]), b = static_cast<double>(patch.next[n]);
      product += a * b, square += 0.5 * (a * a + b * b);
    }
  }
  texture.sd_hu = sd_hu.value_or(std::sqrt(variance));
  texture.slice_correlation = square > 0 ? std::clamp(product / square, 0.0, 0.95) : 0.0;
  return texture;
}

}  // namespace hepar::phantom
