// SPDX-License-Identifier: Apache-2.0
#include "hepar/train/spatial.h"

#include <gmock/gmock.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>

#include "hepar/core/file.h"
#include "hepar/tensors/test_npy.h"

namespace hepar {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

const std::string kUnit = HEPAR_GOLDEN "/nnunet/unit/";

template <class T>
std::vector<T> golden(const std::string& name) {
  const NpyArray array = read_npy(kUnit + name);
  std::vector<T> values;
  for (const double value : array.values) values.push_back(static_cast<T>(value));
  return values;
}

// What nnU-Net's transform makes of a case of 22 x 32 x 28 voxels.
class GoldenSpatial : public ::testing::TestWithParam<int> {
 protected:
  GoldenSpatial()
      : image_(golden<float>("aug_img.npy")),
        labels_(golden<std::int16_t>("aug_seg.npy")),
        entry_(nlohmann::json::parse(read_text_file(kUnit + "index.json"))["aug_spatial"][GetParam()]),
        window_{image_, labels_, 1, {22, 32, 28}, {0, 0, 0}, {22, 32, 28}} {}

  // Whether a voxel of the patch lies outside the source by one rule and inside by the other: nnU-Net's
  // limits along d and w are those of each other's sizes (spatial.h).
  bool is_disputed(std::size_t v, const Kernel3& size, const Mat3& map) const {
    const auto n = static_cast<std::int64_t>(v);
    const std::array<std::int64_t, 3> at{n / (size[1] * size[2]), n / size[2] % size[1], n % size[2]};
    const auto offset = [&](int axis) {
      const auto a = static_cast<std::size_t>(axis);
      return static_cast<double>(at[a]) - static_cast<double>(size[a] - 1) / 2;
    };
    const Vec3 reach = map * Vec3{offset(0), offset(1), offset(2)};
    bool ours = false, theirs = false;
    for (int axis = 0; axis < 3; ++axis) {
      const auto own = static_cast<double>(window_.size[static_cast<std::size_t>(axis)]);
      const auto other = static_cast<double>(window_.size[static_cast<std::size_t>(2 - axis)]);
      ours = ours || std::abs(reach[axis]) > (own - 1) / 2;
      theirs = theirs || std::abs(reach[axis]) / (own / 2) > 1 - 1 / other;
    }
    return ours != theirs;
  }

  std::vector<float> image_;
  std::vector<std::int16_t> labels_;
  nlohmann::json entry_;
  SourceWindow window_;
};

TEST_P(GoldenSpatial, IsThatOfNnunet) {
  const auto size = entry_["patch"].get<Kernel3>();
  const bool is_moved = !entry_["angles"].is_null();
  const Mat3 map = is_moved ? source_from_patch(entry_["angles"].get<std::array<double, 3>>(),
                                                entry_["scales"].get<std::array<double, 3>>())
                            : Mat3::identity();
  const Patch patch = is_moved ? resample_patch(window_, size, map) : crop_patch(window_, size);
  const auto image = golden<float>(entry_["image"]);
  const auto labels = golden<std::int16_t>(entry_["seg"]);
  ASSERT_EQ(patch.image.size(), image.size());
  ASSERT_EQ(patch.labels.size(), labels.size());
  int different = 0;
  for (std::size_t v = 0; v < image.size(); ++v) {
    ASSERT_NEAR(patch.image[v], image[v], is_moved ? 1.5e-5 : 0);  // the values span 1.54
    different += patch.labels[v] != labels[v] && !(is_moved && is_disputed(v, size, map));
  }
  // One vote, at 500 : 500 in half precision, is on the other side.
  EXPECT_LE(different, 1);
}

INSTANTIATE_TEST_SUITE_P(Unit, GoldenSpatial, ::testing::Range(0, 4));

// A case of 3 x 4 x 5 voxels with image = 100 d + 10 h + w, and 1000 more in the second channel.
class SpatialTest : public ::testing::Test {
 protected:
  SpatialTest() : labels_(60) {
    for (int c = 0; c < 2; ++c) {
      for (int v = 0; v < 60; ++v)
        image_.push_back(static_cast<float>(1000 * c + 100 * (v / 20) + 10 * (v / 5 % 4) + v % 5));
    }
    for (std::size_t v = 0; v < 60; ++v) labels_[v] = static_cast<std::int16_t>(v);
  }
  SourceWindow window(const Kernel3& start, const Kernel3& size) const {
    return {image_, labels_, 2, {3, 4, 5}, start, size};
  }
  std::vector<float> image_;
  std::vector<std::int16_t> labels_;
};

TEST_F(SpatialTest, CropTakesTheMiddle) {
  // Of 3 x 4 x 5 from (1 - 0, 2 - 1, 2 - 1) on.
  const Patch patch = crop_patch(window({0, 0, 0}, {3, 4, 5}), {1, 2, 2});
  EXPECT_THAT(patch.start, ElementsAre(1, 1, 1));
  EXPECT_THAT(patch.image, ElementsAre(111, 112, 121, 122, 1111, 1112, 1121, 1122));
  EXPECT_THAT(patch.labels, ElementsAre(26, 27, 31, 32));
}

TEST_F(SpatialTest, CropIsNothingBeyondTheCase) {
  const Patch patch = crop_patch(window({2, 3, 3}, {1, 1, 4}), {1, 1, 4});
  EXPECT_THAT(patch.image, ElementsAre(233, 234, 0, 0, 1233, 1234, 0, 0));
  EXPECT_THAT(patch.labels, ElementsAre(58, 59, -1, -1));
  const Patch outside = crop_patch(window({5, 0, 0}, {1, 1, 4}), {1, 1, 4});
  EXPECT_THAT(outside.image, Each(0));
  EXPECT_THAT(outside.labels, Each(-1));
}

TEST_F(SpatialTest, IdentityIsTheCrop) {
  // Also where the window reaches beyond the case on both sides; all sizes differ from the patch's by even
  // numbers, so that no voxel falls between two.
  const SourceWindow wide = window({-1, -2, -1}, {5, 6, 7});
  const Patch moved = resample_patch(wide, {3, 4, 5}, Mat3::identity());
  const Patch cropped = crop_patch(wide, {3, 4, 5});
  EXPECT_EQ(moved.image, cropped.image);
  EXPECT_EQ(moved.labels, cropped.labels);
}

TEST_F(SpatialTest, InterpolatesLinearly) {
  // Shrunk by 2 the four voxels around the middle (1, 1.5, 2) lie at h = 1.25 and 1.75, w = 1.75 and 2.25.
  const Patch patch =
      resample_patch(window({0, 0, 0}, {3, 4, 5}), {1, 2, 2}, source_from_patch({0, 0, 0}, {0.5, 0.5, 0.5}));
  EXPECT_THAT(patch.image,
              ElementsAre(114.25F, 114.75F, 119.25F, 119.75F, 1114.25F, 1114.75F, 1119.25F, 1119.75F));
  EXPECT_THAT(patch.labels, ElementsAre(27, 27, 32, 32));  // the nearest of (1, 1 or 2, 2)
}

TEST_F(SpatialTest, TurnsAboutTheCentre) {
  // A quarter turn about d takes the patch's h axis to w and its w axis to -h. The window begins at h = 0,
  // w = 1 and has the centre (1.5, 2.5): voxel (h, w) = (0, 0) of the patch is (3, 1) of the case.
  const Patch patch = resample_patch(window({1, 0, 1}, {1, 4, 4}), {1, 4, 4},
                                     source_from_patch({std::numbers::pi / 2, 0, 0}, {1, 1, 1}));
  const std::array<float, 16> wanted{131, 121, 111, 101, 132, 122, 112, 102,
                                     133, 123, 113, 103, 134, 124, 114, 104};
  for (std::size_t v = 0; v < 16; ++v) EXPECT_NEAR(patch.image[v], wanted[v], 1e-4);
}

TEST_F(SpatialTest, DoesNotLookBeyondTheWindow) {
  // Grown by 4, the voxels lie 2 before and behind the middle of h = 1 and 2: in the case, not in the window.
  const Patch patch =
      resample_patch(window({0, 1, 0}, {3, 2, 5}), {1, 2, 1}, source_from_patch({0, 0, 0}, {1, 4, 1}));
  EXPECT_THAT(patch.image, ElementsAre(0, 0, 0, 0));
  EXPECT_THAT(patch.labels, ElementsAre(-1, -1));
}

TEST(ResamplePatch, TakesTheLowestOfEqualLabels) {
  const std::vector<float> image(2);
  const std::vector<std::int16_t> labels{5, 3};
  const SourceWindow window{image, labels, 1, {1, 1, 2}, {0, 0, 0}, {1, 1, 2}};
  EXPECT_THAT(resample_patch(window, {1, 1, 1}, Mat3::identity()).labels, ElementsAre(3));
}

TEST(ResamplePatch, AddsTheWeightsOfOneLabel) {
  // At (0.5, 0.5) of 2 x 2 voxels 7 has two corners, 1 and 2 have one each.
  const std::vector<float> image(4);
  const std::vector<std::int16_t> labels{1, 7, 7, 2};
  const SourceWindow window{image, labels, 1, {1, 2, 2}, {0, 0, 0}, {1, 2, 2}};
  EXPECT_THAT(resample_patch(window, {1, 1, 1}, Mat3::identity()).labels, ElementsAre(7));
}

// Reading outside the case would show under the address sanitizer: windows on all sides, turned and grown.
TEST_F(SpatialTest, ReadsTheCaseAlone) {
  const Mat3 map = source_from_patch({0.4, -0.3, 0.5}, {1.3, 1.3, 1.3});
  const std::vector<float> image(image_.begin(), image_.begin() + 60);
  for (std::int64_t d = -5; d <= 5; d += 5) {
    for (std::int64_t h = -5; h <= 5; h += 5) {
      for (std::int64_t w = -6; w <= 6; w += 6) {
        const SourceWindow around{image, labels_, 1, {3, 4, 5}, {d, h, w}, {4, 5, 6}};
        for (const float value : resample_patch(around, {4, 4, 4}, map).image) EXPECT_LE(value, 234);
      }
    }
  }
}

TEST(Mirror, ReversesOneAxis) {
  Patch patch{.size = {1, 2, 3}, .channels = 2, .image = {}, .labels = {0, 1, 2, 3, 4, 5}};
  for (int n = 0; n < 12; ++n) patch.image.push_back(static_cast<float>(n));
  mirror(patch, 2);
  EXPECT_THAT(patch.labels, ElementsAre(2, 1, 0, 5, 4, 3));
  EXPECT_THAT(patch.image, ElementsAre(2, 1, 0, 5, 4, 3, 8, 7, 6, 11, 10, 9));
  mirror(patch, 1);
  EXPECT_THAT(patch.labels, ElementsAre(5, 4, 3, 2, 1, 0));
  EXPECT_THAT(patch.image, ElementsAre(5, 4, 3, 2, 1, 0, 11, 10, 9, 8, 7, 6));
  mirror(patch, 0);
  EXPECT_THAT(patch.labels, ElementsAre(5, 4, 3, 2, 1, 0));
}

}  // namespace
}  // namespace hepar
