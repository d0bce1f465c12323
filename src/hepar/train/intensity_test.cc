// SPDX-License-Identifier: Apache-2.0
#include "hepar/train/intensity.h"

#include <gmock/gmock.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "hepar/core/file.h"
#include "hepar/tensors/test_npy.h"

namespace hepar {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::FloatNear;

const std::string kUnit = HEPAR_GOLDEN "/nnunet/unit/";
const Kernel3 kSize{22, 32, 28};

std::vector<float> golden(const std::string& name) {
  const NpyArray array = read_npy(kUnit + name);
  return {array.values.begin(), array.values.end()};
}

// What nnU-Net's transforms make of one image.
class GoldenIntensity : public ::testing::TestWithParam<int> {};

TEST_P(GoldenIntensity, IsThatOfNnunet) {
  const auto index = nlohmann::json::parse(read_text_file(kUnit + "index.json"));
  ASSERT_EQ(index["aug_intensity"].size(), 9U);
  const auto& entry = index["aug_intensity"][static_cast<std::size_t>(GetParam())];
  const std::string change = entry["op"];
  std::vector<float> image = golden("aug_img.npy");
  const auto all_axes = [&](const char* key) {
    const auto value = entry[key].get<double>();
    return std::array{value, value, value};
  };
  if (change == "gamma") change_gamma(image, entry["gamma"], entry["invert"]);
  if (change == "contrast") change_contrast(image, entry["multiplier"]);
  if (change == "lowres") lower_resolution(image, kSize, all_axes("scale"));
  if (change == "blur") blur(image, kSize, all_axes("sigma"));
  const std::vector<float> wanted = golden(entry["out"]);
  ASSERT_EQ(image.size(), wanted.size());
  for (std::size_t v = 0; v < image.size(); ++v) ASSERT_NEAR(image[v], wanted[v], 1e-5) << change << v;
}

INSTANTIATE_TEST_SUITE_P(Unit, GoldenIntensity, ::testing::Range(0, 9));

TEST(AddNoise, HasTheSdAndIsTheSameInAllChannels) {
  std::vector<float> image(20000, 3.0F);
  add_noise(image, 2, 0.5, Random(1));
  double sum = 0, squares = 0;
  for (std::size_t v = 0; v < 10000; ++v) {
    ASSERT_EQ(image[v], image[v + 10000]);
    sum += image[v] - 3.0;
    squares += std::pow(image[v] - 3.0, 2);
  }
  EXPECT_NEAR(sum / 10000, 0, 0.025);                   // five SDs of 0.5 / sqrt(10000)
  EXPECT_NEAR(std::sqrt(squares / 10000), 0.5, 0.018);  // five SDs of 0.5 / sqrt(20000)
}

TEST(Blur, ReflectsAgainAndAgainInAShortAxis) {
  // Nothing changes along an axis of one voxel, and two voxels come close to their mean: 6 * 1 + 0.5 rounds
  // to 6 and on to 7, weights e^(-n n / 2): even n give 1 + 2 * 0.135335, odd n 2 * (0.606531 + 0.011109).
  std::vector<float> image{1, 0};
  blur(image, {1, 1, 2}, {1, 1, 1});
  EXPECT_THAT(image, ElementsAre(FloatNear(0.507061F, 1e-5F), FloatNear(0.492939F, 1e-5F)));
}

TEST(Blur, KeepsAConstant) {
  std::vector<float> image(60, 2.5F);
  blur(image, {3, 4, 5}, {0.5, 0.8, 1});
  EXPECT_THAT(image, Each(FloatNear(2.5F, 1e-6F)));
}

TEST(ScaleBrightness, Multiplies) {
  std::vector<float> image{-1, 0, 2};
  scale_brightness(image, 1.5);
  EXPECT_THAT(image, ElementsAre(-1.5F, 0, 3));
}

TEST(ChangeContrast, StaysInTheRange) {
  std::vector<float> image{0, 1, 2, 5};  // mean 2
  change_contrast(image, 0.5);
  EXPECT_THAT(image, ElementsAre(1, 1.5F, 2, 3.5F));
  change_contrast(image, 2);  // 0, 1, 2, 5 again, held in [1, 3.5]
  EXPECT_THAT(image, ElementsAre(1, 1, 2, 3.5F));
}

TEST(LowerResolution, LeavesAnAxisOfScaleOne) {
  // Along w 4 voxels become 2, those at 1 and 3, and come back at -0.25, 0.25, 0.75, 1.25 between them.
  std::vector<float> image{0, 10, 20, 30, 5, 15, 25, 35};
  lower_resolution(image, {1, 2, 4}, {1, 1, 0.5});
  EXPECT_THAT(image, ElementsAre(10, 15, 25, 30, 15, 20, 30, 35));
}

TEST(LowerResolution, KeepsAVoxelOfAShortAxis) {
  std::vector<float> image{4};  // round(0.5) is 0
  lower_resolution(image, {1, 1, 1}, {0.5, 0.5, 0.5});
  EXPECT_THAT(image, ElementsAre(4));
}

TEST(ChangeGamma, LeavesAConstant) {
  std::vector<float> image(8, 2.0F);
  change_gamma(image, 1.3, false);
  EXPECT_THAT(image, Each(2.0F));
  change_gamma(image, 0.8, true);
  EXPECT_THAT(image, Each(2.0F));
}

TEST(ChangeGamma, KeepsMeanAndSd) {
  // 0, 1/2 and 1 of the range to the power of 2: 0, 1/4, 1; mean 5/12, SD (n - 1) 0.52042. Brought back to
  // mean 1 and SD 1: (0 - 0.41667) / 0.52042 + 1 = 0.19936, 0.67975 and 2.12090.
  std::vector<float> image{0, 1, 2};
  change_gamma(image, 2, false);
  EXPECT_THAT(
      image, ElementsAre(FloatNear(0.19936F, 1e-5F), FloatNear(0.67974F, 2e-5F), FloatNear(2.12090F, 1e-5F)));
}

}  // namespace
}  // namespace hepar
