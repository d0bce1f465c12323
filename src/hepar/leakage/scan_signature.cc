// SPDX-License-Identifier: Apache-2.0
#include "hepar/leakage/scan_signature.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "hepar/core/parallel.h"
#include "hepar/leakage/slab_stack.h"

namespace hepar {
namespace {

constexpr std::int64_t kPointsPerScan = 800, kMostPointsPerSlab = 40;
constexpr float kSteps = 300;  // per unit of the pictures, so one per HU
constexpr std::int64_t kRim = 2;
constexpr std::int64_t kSurroundings = 4;  // half width of the square whose mean is taken off, pixels

// Sums over the square around each pixel, as far as it lies in the picture.
std::vector<float> square_sums(const std::vector<float>& picture, std::int64_t width, std::int64_t height,
                               std::int64_t half_width) {
  std::vector<float> rows(picture.size()), result(picture.size());
  for (std::int64_t y = 0; y < height; ++y)
    for (std::int64_t d = -half_width; d <= half_width; ++d)
      for (std::int64_t x = std::max<std::int64_t>(0, -d); x < std::min(width, width - d); ++x)
        rows[static_cast<std::size_t>(x + y * width)] += picture[static_cast<std::size_t>(x + d + y * width)];
  for (std::int64_t y = 0; y < height; ++y)
    for (std::int64_t from = std::max<std::int64_t>(0, y - half_width);
         from < std::min(height, y + half_width + 1); ++from)
      for (std::int64_t x = 0; x < width; ++x)
        result[static_cast<std::size_t>(x + y * width)] += rows[static_cast<std::size_t>(x + from * width)];
  return result;
}

// Contrast against the mean of the body's pixels around, so that the step to the air outside is none. The
// rim, where pixels hold air in part, is taken for outside.
void add_contrast(const leakage::SlabStack& stack, std::int64_t slab, ScanSignature& signature) {
  const auto body = stack.body(slab);
  const auto picture = stack.picture(slab);
  std::vector<float> inside(body.begin(), body.end()), outside(body.size()),
      values(picture.begin(), picture.end());
  for (std::size_t n = 0; n < body.size(); ++n) outside[n] = 1 - inside[n], values[n] *= inside[n];
  const auto sums = [&](const std::vector<float>& of, std::int64_t half_width) {
    return square_sums(of, stack.width, stack.height, half_width);
  };
  const auto counts = sums(inside, kSurroundings), totals = sums(values, kSurroundings),
             rim = sums(outside, kRim);
  std::int8_t* const result = signature.contrast.data() + slab * static_cast<std::int64_t>(stack.area());
  for (std::size_t n = 0; n < body.size(); ++n) {
    const float contrast = kSteps * (picture[n] - totals[n] / std::max(1.0F, counts[n]));
    result[n] = rim[n] > 0 ? ScanSignature::kOutside
                           : static_cast<std::int8_t>(std::lround(std::clamp(contrast, -127.0F, 127.0F)));
  }
}

}  // namespace

ScanSignature make_scan_signature(const CtVolume& ct) {
  const leakage::SlabStack stack = leakage::make_slab_stack(ct);
  ScanSignature signature;
  signature.slices = stack.slices, signature.slabs = stack.count;
  signature.axes_exchanged = stack.axes_exchanged;
  signature.slices_per_slab = stack.slices_per_slab;
  signature.width = stack.width, signature.height = stack.height;
  signature.contrast.resize(stack.pixels.size());
  const std::int64_t most = std::min(kMostPointsPerSlab, 1 + (kPointsPerScan - 1) / stack.count);
  std::vector<std::vector<leakage::Keypoint>> found(static_cast<std::size_t>(stack.count));
  parallel_for(stack.count, [&](std::int64_t slab) {
    found[static_cast<std::size_t>(slab)] = leakage::find_keypoints(
        stack.picture(slab), stack.width, stack.height, stack.body(slab), static_cast<std::size_t>(most));
    add_contrast(stack, slab, signature);
  });
  for (std::int64_t slab = 0; slab < stack.count; ++slab) {
    const auto& points = found[static_cast<std::size_t>(slab)];
    for (std::size_t rank = 0; rank < points.size(); ++rank)
      signature.points.push_back({points[rank], slab, static_cast<std::int64_t>(rank)});
  }
  return signature;
}

}  // namespace hepar
