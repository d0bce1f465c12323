// SPDX-License-Identifier: Apache-2.0
#include "hepar/leakage/keypoints.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "hepar/core/random.h"

namespace hepar::leakage {
namespace {

constexpr std::int64_t kSize = 80;

struct Blob {
  double x, y, sigma, height;
};
std::vector<float> draw(const std::vector<Blob>& blobs) {
  std::vector<float> picture(kSize * kSize);
  for (std::int64_t n = 0; n < kSize * kSize; ++n)
    for (const Blob& blob : blobs) {
      const double x = static_cast<double>(n % kSize) - blob.x, y = static_cast<double>(n / kSize) - blob.y;
      picture[static_cast<std::size_t>(n)] +=
          static_cast<float>(blob.height * std::exp(-0.5 * (x * x + y * y) / (blob.sigma * blob.sigma)));
    }
  return picture;
}

std::vector<Keypoint> find(const std::vector<float>& picture, std::size_t most = 100) {
  const std::vector<std::uint8_t> everywhere(picture.size(), 1);
  return find_keypoints(picture, kSize, kSize, everywhere, most);
}

std::vector<float> random_picture() {
  Random random(3);
  std::vector<Blob> blobs;
  for (int n = 0; n < 40; ++n)
    blobs.push_back(
        {random.uniform(0, kSize), random.uniform(0, kSize), random.uniform(2, 5), random.uniform(-1, 1)});
  return draw(blobs);
}

// The keypoint nearest to a place.
const Keypoint& nearest(const std::vector<Keypoint>& points, double x, double y) {
  const auto far = [&](const Keypoint& p) {
    return std::hypot(static_cast<double>(p.x) - x, static_cast<double>(p.y) - y);
  };
  return *std::min_element(points.begin(), points.end(),
                           [&](const Keypoint& a, const Keypoint& b) { return far(a) < far(b); });
}

double likeness(const Descriptor& a, const Descriptor& b) {
  double sum = 0;
  for (std::size_t n = 0; n < kDescriptorSize; ++n)
    sum += static_cast<double>(a[n]) * static_cast<double>(b[n]);
  return sum / (static_cast<double>(kDescriptorNorm) * static_cast<double>(kDescriptorNorm));
}

TEST(Keypoints, LieOnBlobsAndTellTheirSize) {
  // Blurring with sigma t makes a blob of sigma s and height 1 one of height s^2 / (s^2 + t^2). The
  // difference of t and k t is extreme where k (s^2 + t^2) = s^2 + k^2 t^2, that is at t = s / sqrt(k), with
  // k = 2^(1/3).
  for (const double sigma : {2.5, 3.5, 5.0}) {
    const auto points = find(draw({{40.3, 37.8, sigma, 1}}), 1);
    ASSERT_EQ(points.size(), 1U);
    EXPECT_NEAR(points[0].x, 40.3, 0.1);
    EXPECT_NEAR(points[0].y, 37.8, 0.1);
    EXPECT_NEAR(points[0].scale, sigma / std::pow(2.0, 1.0 / 6.0), 0.06 * sigma);
  }
}

TEST(Keypoints, OnlyTheStrongestAndOnlyWhereAllowed) {
  const auto picture = draw({{20, 40, 3, 1}, {60, 40, 3, 0.5}});
  EXPECT_NEAR(find(picture, 1).at(0).x, 20, 0.1);
  std::vector<std::uint8_t> allowed(picture.size(), 0);
  for (std::size_t n = 0; n < allowed.size(); ++n) allowed[n] = n % kSize >= 40;
  for (const Keypoint& point : find_keypoints(picture, kSize, kSize, allowed, 100)) EXPECT_GE(point.x, 39);
  EXPECT_TRUE(find(std::vector<float>(kSize * kSize, 0.7F)).empty());
}

TEST(Keypoints, EdgesAreNone) {
  std::vector<float> picture(kSize * kSize);
  for (std::size_t n = 0; n < picture.size(); ++n) picture[n] = n % kSize < 40 ? 0 : 1;
  EXPECT_TRUE(find(picture).empty());
}

TEST(Descriptor, TurnsWithThePicture) {
  const auto picture = random_picture();
  std::vector<float> turned(picture.size());  // (x, y) goes to (kSize - 1 - y, x): by +90 degrees
  for (std::size_t n = 0; n < picture.size(); ++n)
    turned[(n % kSize) * kSize + (kSize - 1 - n / kSize)] = picture[n];
  const auto points = find(picture), others = find(turned);
  ASSERT_GE(points.size(), 10U);
  for (const Keypoint& point : points) {
    const double x = kSize - 1 - static_cast<double>(point.y);
    const Keypoint& other = nearest(others, x, static_cast<double>(point.x));
    EXPECT_NEAR(other.x, x, 1e-2);
    EXPECT_NEAR(std::remainder(static_cast<double>(other.angle - point.angle) - std::numbers::pi / 2,
                               2 * std::numbers::pi),
                0, 1e-2);
    EXPECT_GT(likeness(point.descriptor, other.descriptor), 0.99);
  }
}

TEST(Descriptor, OfTheMirroredPictureIsTheMirroredDescriptor) {
  const auto picture = random_picture();
  std::vector<float> flipped(picture.size());
  for (std::size_t n = 0; n < picture.size(); ++n)
    flipped[(kSize - 1 - n / kSize) * kSize + n % kSize] = picture[n];
  const auto points = find(picture), others = find(flipped);
  ASSERT_GE(points.size(), 10U);
  for (const Keypoint& point : points) {
    const Keypoint& other =
        nearest(others, static_cast<double>(point.x), kSize - 1 - static_cast<double>(point.y));
    EXPECT_GT(likeness(mirrored(point.descriptor), other.descriptor), 0.99);
  }
  EXPECT_EQ(mirrored(mirrored(points[0].descriptor)), points[0].descriptor);
}

TEST(Descriptor, KnowsNoBrightnessAndContrast) {
  const auto picture = random_picture();
  std::vector<float> changed = picture;
  for (float& value : changed) value = 0.5F * value + 3;
  const auto points = find(picture), others = find(changed);
  ASSERT_GE(others.size(), 10U);
  for (const Keypoint& other : others) {
    const Keypoint& point = nearest(points, static_cast<double>(other.x), static_cast<double>(other.y));
    EXPECT_GT(likeness(point.descriptor, other.descriptor), 0.99);
  }
}

}  // namespace
}  // namespace hepar::leakage
