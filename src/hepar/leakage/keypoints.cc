// SPDX-License-Identifier: Apache-2.0
#include "hepar/leakage/keypoints.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace hepar::leakage {
namespace {

constexpr int kLevels = 8, kLevelsPerOctave = 3;
constexpr double kFirstSigma = 1.6;
constexpr float kTwoPi = 2 * std::numbers::pi_v<float>;

struct Picture {
  std::int64_t width = 0, height = 0;
  std::vector<float> pixels;
  float at(std::int64_t x, std::int64_t y) const { return pixels[static_cast<std::size_t>(x + y * width)]; }
};

double sigma_of(double level) { return kFirstSigma * std::pow(2.0, level / kLevelsPerOctave); }

Picture blurred(const Picture& source, double sigma) {
  const auto radius = static_cast<std::int64_t>(std::ceil(3 * sigma));
  std::vector<float> kernel;
  float sum = 0;
  for (std::int64_t n = -radius; n <= radius; ++n) {
    kernel.push_back(static_cast<float>(std::exp(-0.5 * static_cast<double>(n * n) / (sigma * sigma))));
    sum += kernel.back();
  }
  for (float& weight : kernel) weight /= sum;
  const std::int64_t width = source.width, height = source.height;
  Picture rows = source, result = source;
  std::vector<float> line(static_cast<std::size_t>(width + 2 * radius));
  for (std::int64_t y = 0; y < height; ++y) {
    for (std::int64_t x = 0; x < width + 2 * radius; ++x)
      line[static_cast<std::size_t>(x)] = source.at(std::clamp<std::int64_t>(x - radius, 0, width - 1), y);
    float* to = rows.pixels.data() + y * width;
    std::fill_n(to, width, 0.0F);
    for (std::size_t n = 0; n < kernel.size(); ++n)
      for (std::int64_t x = 0; x < width; ++x) to[x] += kernel[n] * line[static_cast<std::size_t>(x) + n];
  }
  for (std::int64_t y = 0; y < height; ++y) {
    float* to = result.pixels.data() + y * width;
    std::fill_n(to, width, 0.0F);
    for (std::int64_t n = -radius; n <= radius; ++n) {
      const float* from = rows.pixels.data() + std::clamp<std::int64_t>(y + n, 0, height - 1) * width;
      const float weight = kernel[static_cast<std::size_t>(n + radius)];
      for (std::int64_t x = 0; x < width; ++x) to[x] += weight * from[x];
    }
  }
  return result;
}

// Gradient of a level at any place; none outside.
struct Gradient {
  float dx = 0, dy = 0;
};
Gradient gradient(const Picture& level, float x, float y) {
  const float left = std::floor(x), top = std::floor(y);
  const auto i = static_cast<std::int64_t>(left), j = static_cast<std::int64_t>(top);
  if (i < 1 || j < 1 || i + 2 >= level.width || j + 2 >= level.height) return {};
  const float u = x - left, v = y - top;
  const auto mix = [&](std::int64_t di, std::int64_t dj) {
    const float upper = level.at(i + di, j + dj) * (1 - u) + level.at(i + di + 1, j + dj) * u;
    const float lower = level.at(i + di, j + dj + 1) * (1 - u) + level.at(i + di + 1, j + dj + 1) * u;
    return upper * (1 - v) + lower * v;
  };
  return {0.5F * (mix(1, 0) - mix(-1, 0)), 0.5F * (mix(0, 1) - mix(0, -1))};
}

float main_angle(const Picture& level, const Keypoint& point) {
  constexpr int kBins = 36;
  std::array<float, kBins> bins{};
  const float sigma = 1.5F * point.scale, step = 0.5F * point.scale;
  for (int v = -9; v <= 9; ++v)
    for (int u = -9; u <= 9; ++u) {
      const float x = static_cast<float>(u) * step, y = static_cast<float>(v) * step;
      const float square = (x * x + y * y) / (sigma * sigma);
      if (square > 9) continue;
      const Gradient g = gradient(level, point.x + x, point.y + y);
      const float turn = (std::atan2(g.dy, g.dx) + kTwoPi) / kTwoPi * kBins;
      const float weight = std::exp(-0.5F * square) * std::hypot(g.dx, g.dy);
      const auto bin = static_cast<int>(turn);
      const float part = turn - static_cast<float>(bin);
      bins[static_cast<std::size_t>(bin % kBins)] += weight * (1 - part);
      bins[static_cast<std::size_t>((bin + 1) % kBins)] += weight * part;
    }
  for (int pass = 0; pass < 3; ++pass) {
    const auto old = bins;
    for (std::size_t n = 0; n < kBins; ++n)
      bins[n] = 0.25F * old[(n + kBins - 1) % kBins] + 0.5F * old[n] + 0.25F * old[(n + 1) % kBins];
  }
  const auto best = static_cast<std::size_t>(std::max_element(bins.begin(), bins.end()) - bins.begin());
  const float before = bins[(best + kBins - 1) % kBins], after = bins[(best + 1) % kBins];
  const float bend = before - 2 * bins[best] + after;
  const float shift = bend < 0 ? 0.5F * (before - after) / bend : 0;
  return (static_cast<float>(best) + shift) / kBins * kTwoPi;
}

void describe(const Picture& level, Keypoint& point) {
  std::array<float, kDescriptorSize> bins{};
  const float c = std::cos(point.angle), s = std::sin(point.angle), step = 0.75F * point.scale;
  for (int row = 0; row < 16; ++row)
    for (int column = 0; column < 16; ++column) {
      // In cells of 4 samples; the middle of the 4 x 4 cells is at 1.5.
      const float u = static_cast<float>(column) - 7.5F, v = static_cast<float>(row) - 7.5F;
      const Gradient g = gradient(level, point.x + step * (c * u - s * v), point.y + step * (s * u + c * v));
      const float size = std::hypot(g.dx, g.dy) * std::exp(-(u * u + v * v) / (2 * 8 * 8));
      if (!(size > 0)) continue;
      float turn = (std::atan2(g.dy, g.dx) - point.angle) / kTwoPi;
      turn = 8 * (turn - std::floor(turn));
      const float cx = u / 4 + 1.5F, cy = v / 4 + 1.5F;
      const auto x0 = static_cast<int>(std::floor(cx)), y0 = static_cast<int>(std::floor(cy)),
                 a0 = static_cast<int>(turn);
      for (int n = 0; n < 8; ++n) {
        const int x = x0 + (n & 1), y = y0 + (n >> 1 & 1), a = a0 + (n >> 2);
        if (x < 0 || y < 0 || x > 3 || y > 3) continue;
        const float weight = (1 - std::abs(cx - static_cast<float>(x))) *
                             (1 - std::abs(cy - static_cast<float>(y))) *
                             (1 - std::abs(turn - static_cast<float>(a)));
        bins[static_cast<std::size_t>((y * 4 + x) * 8 + a % 8)] += size * weight;
      }
    }
  const auto normalise = [&bins](float ceiling) {
    float sum = 0;
    for (const float bin : bins) sum += bin * bin;
    const float scale = sum > 0 ? 1 / std::sqrt(sum) : 0;
    for (float& bin : bins) bin = std::min(bin * scale, ceiling);
  };
  normalise(0.2F);
  normalise(1);
  for (std::size_t n = 0; n < kDescriptorSize; ++n)
    point.descriptor[n] = static_cast<std::int16_t>(std::lround(bins[n] * kDescriptorNorm));
}

// Place between -0.5 and 0.5 of the extremum of the parabola through three values.
float vertex(float before, float here, float after) {
  const float bend = before - 2 * here + after;
  return bend == 0 ? 0 : std::clamp(0.5F * (before - after) / bend, -0.5F, 0.5F);
}

bool is_extremum(const std::vector<Picture>& blobs, std::size_t level, std::int64_t x, std::int64_t y) {
  const float here = blobs[level].at(x, y);
  const bool high = here > 0;
  for (std::size_t l = level - 1; l <= level + 1; ++l)
    for (std::int64_t dy = -1; dy <= 1; ++dy)
      for (std::int64_t dx = -1; dx <= 1; ++dx) {
        if (l == level && dx == 0 && dy == 0) continue;
        const float other = blobs[l].at(x + dx, y + dy);
        if (high ? other >= here : other <= here) return false;
      }
  return true;
}

// Lowe's test against ridges, whose place along the ridge is arbitrary (section 4.1).
bool is_ridge(const Picture& blob, std::int64_t x, std::int64_t y) {
  constexpr float kRatio = 10;
  const float here = blob.at(x, y);
  const float xx = blob.at(x - 1, y) - 2 * here + blob.at(x + 1, y);
  const float yy = blob.at(x, y - 1) - 2 * here + blob.at(x, y + 1);
  const float xy =
      0.25F * (blob.at(x + 1, y + 1) - blob.at(x - 1, y + 1) - blob.at(x + 1, y - 1) + blob.at(x - 1, y - 1));
  const float determinant = xx * yy - xy * xy;
  return determinant <= 0 || (xx + yy) * (xx + yy) * kRatio >= (kRatio + 1) * (kRatio + 1) * determinant;
}

// A blob before it is described; `level` is the picture to describe it in.
struct Candidate {
  Keypoint point;
  std::size_t level;
};

std::vector<Candidate> find_blobs(const std::vector<Picture>& blobs, std::span<const std::uint8_t> allowed) {
  constexpr float kLeastStrength = 0.005F;  // 1.5 HU
  const std::int64_t width = blobs[0].width, height = blobs[0].height;
  std::vector<Candidate> found;
  for (std::size_t level = 1; level + 1 < blobs.size(); ++level)
    for (std::int64_t y = 1; y + 1 < height; ++y)
      for (std::int64_t x = 1; x + 1 < width; ++x) {
        if (allowed[static_cast<std::size_t>(x + y * width)] == 0) continue;
        const Picture& blob = blobs[level];
        const float here = blob.at(x, y);
        if (std::abs(here) < kLeastStrength || !is_extremum(blobs, level, x, y) || is_ridge(blob, x, y))
          continue;
        Keypoint point;
        point.x = static_cast<float>(x) + vertex(blob.at(x - 1, y), here, blob.at(x + 1, y));
        point.y = static_cast<float>(y) + vertex(blob.at(x, y - 1), here, blob.at(x, y + 1));
        const float shift = vertex(blobs[level - 1].at(x, y), here, blobs[level + 1].at(x, y));
        point.scale = static_cast<float>(sigma_of(static_cast<double>(level) + static_cast<double>(shift)));
        point.strength = std::abs(here);
        found.push_back({point, level});
      }
  return found;
}

}  // namespace

std::vector<Keypoint> find_keypoints(std::span<const float> picture, std::int64_t width, std::int64_t height,
                                     std::span<const std::uint8_t> allowed, std::size_t most) {
  std::vector<Picture> levels{
      blurred({width, height, std::vector<float>(picture.begin(), picture.end())}, kFirstSigma)};
  std::vector<Picture> blobs;  // differences of neighbouring levels
  for (int level = 1; level < kLevels; ++level) {
    const double before = sigma_of(level - 1), after = sigma_of(level);
    levels.push_back(blurred(levels.back(), std::sqrt(after * after - before * before)));
    blobs.push_back(levels.back());
    const auto& finer = levels[levels.size() - 2].pixels;
    for (std::size_t n = 0; n < finer.size(); ++n) blobs.back().pixels[n] -= finer[n];
  }
  std::vector<Candidate> found = find_blobs(blobs, allowed);
  std::stable_sort(found.begin(), found.end(), [](const Candidate& a, const Candidate& b) {
    return a.point.strength > b.point.strength;
  });
  if (found.size() > most) found.resize(most);
  std::vector<Keypoint> points;
  for (Candidate& candidate : found) {
    candidate.point.angle = main_angle(levels[candidate.level], candidate.point);
    describe(levels[candidate.level], candidate.point);
    points.push_back(candidate.point);
  }
  return points;
}

Descriptor mirrored(const Descriptor& descriptor) {
  Descriptor result;
  for (std::size_t y = 0; y < 4; ++y)
    for (std::size_t x = 0; x < 4; ++x)
      for (std::size_t a = 0; a < 8; ++a)
        result[(y * 4 + x) * 8 + a] = descriptor[((3 - y) * 4 + x) * 8 + (8 - a) % 8];
  return result;
}

}  // namespace hepar::leakage
