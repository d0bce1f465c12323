// SPDX-License-Identifier: Apache-2.0
#include "hepar/phantom/acquisition.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace hepar::phantom {
namespace {

TEST(SliceProfile, IsABoxWithSoftEnds) {
  const auto weights = slice_profile(5, 0.05);
  EXPECT_EQ(weights.size() % 2, 1U);
  EXPECT_NEAR(std::accumulate(weights.begin(), weights.end(), 0.0), 1, 1e-12);
  const std::size_t middle = weights.size() / 2;
  // Half of the height at half of the thickness: 2.5 mm = 50 steps from the middle.
  EXPECT_NEAR(weights[middle + 50] / weights[middle], 0.5, 1e-6);
  for (std::size_t n = 0; n <= middle; ++n) EXPECT_NEAR(weights[middle - n], weights[middle + n], 1e-15);
}

TEST(SliceProfile, OfSlicesThatDoNotOverlapIsNearlyOneSlice) {
  // A slice as thick as the spacing meets its neighbours' centres a thickness away: outside the box.
  const auto weights = slice_profile(5, 5);
  EXPECT_GT(weights[weights.size() / 2], 0.999);
}

TEST(BlurInPlane, SpreadsAPointToAGaussian) {
  constexpr std::int64_t kPixels = 32;
  std::vector<float> image(kPixels * kPixels, 0.0F);
  image[16 * kPixels + 16] = 1;
  blur_in_plane(image, kPixels, 1.5);
  double sum = 0, variance = 0;
  for (std::int64_t j = 0; j < kPixels; ++j)
    for (std::int64_t i = 0; i < kPixels; ++i) {
      const double v = static_cast<double>(image[static_cast<std::size_t>(j * kPixels + i)]);
      sum += v, variance += v * static_cast<double>((i - 16) * (i - 16));
    }
  EXPECT_NEAR(sum, 1, 1e-5);
  EXPECT_NEAR(variance, 1.5 * 1.5, 0.1);  // the kernel ends at 5 pixels = 3.3 sd and loses under 3 %
}

TEST(BlurInPlane, LeavesAConstantAsItIs) {
  std::vector<float> image(64, 40.0F);
  blur_in_plane(image, 8, 0.3);
  for (const float v : image) EXPECT_NEAR(v, 40, 1e-4);
}

double mean_product(const std::vector<float>& a, const std::vector<float>& b, std::size_t lag) {
  double sum = 0;
  for (std::size_t n = 0; n + lag < a.size(); ++n)
    sum += static_cast<double>(a[n]) * static_cast<double>(b[n + lag]);
  return sum / static_cast<double>(a.size() - lag);
}

TEST(NoiseShaper, DrawsIndependentImagesOfUnitVariance) {
  constexpr std::int64_t kPixels = 128;
  const NoiseShaper shaper(kPixels, 0.75, 0.37);
  std::vector<float> a(kPixels * kPixels), b(kPixels * kPixels);
  shaper.draw_pair(Random(3), a, b);
  // 16384 pixels of which some 10 are correlated: sd of a variance sqrt(2 * 10 / 16384) = 0.035.
  EXPECT_NEAR(mean_product(a, a, 0), 1, 0.15);
  EXPECT_NEAR(mean_product(b, b, 0), 1, 0.15);
  EXPECT_NEAR(mean_product(a, b, 0), 0, 0.15);
}

TEST(NoiseShaper, CorrelatesNeighboursAsABandPassDoes) {
  // The transform of f exp(-(f/fc)^2) in two dimensions is 1F1(3/2; 1; -(pi fc r)^2): with fc 0.37/mm 0.2706
  // at 0.75 mm and -0.0776 at 1.5 mm. The white floor, 1/11 of the power, shrinks both to 0.246 and -0.071.
  constexpr std::int64_t kPixels = 256;
  const NoiseShaper shaper(kPixels, 0.75, 0.37);
  std::vector<float> a(kPixels * kPixels), b(kPixels * kPixels);
  shaper.draw_pair(Random(4), a, b);
  EXPECT_NEAR(mean_product(a, a, 1), 0.246, 0.03);
  EXPECT_NEAR(mean_product(a, a, 2), -0.071, 0.03);
  EXPECT_NEAR(mean_product(a, a, 20), 0, 0.05);
}

TEST(DrawScan, KeepsToTheStatedRanges) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const Scan small = draw_scan(Random(seed), PhantomOptions{}, 170, -200, 30);
    EXPECT_EQ(small.pixels, 128);
    EXPECT_GE(small.pixel_mm, 2.6);
    EXPECT_LE(small.pixel_mm, 3.4);
    EXPECT_GE(small.spacing_mm, 2.5);
    EXPECT_LE(small.spacing_mm, 5);
    EXPECT_LE(small.spacing_mm, small.facts.slice_thickness_mm);
    EXPECT_LE(small.low_z + small.spacing_mm * static_cast<double>(small.slices - 1), 30 + 1e-9);
    const Scan full = draw_scan(Random(seed), PhantomOptions{.size = PhantomSize::kFull}, 170, -200, 30);
    EXPECT_EQ(full.pixels, 512);
    EXPECT_GE(full.pixel_mm, 0.65);
    EXPECT_LE(full.pixel_mm, 0.85);
    EXPECT_GE(full.spacing_mm, 0.8);
    EXPECT_LE(full.spacing_mm, 5);
    EXPECT_EQ(full.substeps % 2, 1);
  }
}

}  // namespace
}  // namespace hepar::phantom
