// SPDX-License-Identifier: Apache-2.0
#include "hepar/train/patch.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "hepar/train/test_dataset.h"

namespace hepar {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::Pointwise;
using testing::ScratchFolder;

// A case of 3 x 3 x 3 with image = 100 d + 10 h + w and labels = image / 50.
class PatchTest : public ::testing::Test {
 protected:
  PatchTest() : folder_("hepar_patch") {
    std::vector<float> image;
    std::vector<std::uint8_t> labels;
    for (int v = 0; v < 27; ++v) {
      const int value = 100 * (v / 9) + 10 * (v / 3 % 3) + v % 3;
      image.push_back(static_cast<float>(value));
      labels.push_back(static_cast<std::uint8_t>(value / 100));
    }
    testing::write_case(folder_.path() / "a.safetensors", {3, 3, 3}, image, labels);
  }
  TrainingCase source() const { return {folder_.path() / "a.safetensors", testing::region_labels()}; }
  ScratchFolder folder_;
};

TEST_F(PatchTest, IdentityCopies) {
  const Patch patch = cut_patch(source(), {1, 2, 2}, {1, 1.5, 0.5}, Mat3::identity());
  EXPECT_THAT(patch.image, ElementsAre(110, 111, 120, 121));
  EXPECT_THAT(patch.labels, ElementsAre(1, 1, 1, 1));
}

TEST_F(PatchTest, InterpolatesBetweenVoxels) {
  // A linear field stays itself: 100 * 0.5 + 10 * 1.25 + 0.75.
  const Patch patch = cut_patch(source(), {1, 1, 1}, {0.5, 1.25, 0.75}, Mat3::identity());
  EXPECT_FLOAT_EQ(patch.image[0], 63.25F);
}

TEST_F(PatchTest, IsZeroBeyondTheCase) {
  const Patch patch = cut_patch(source(), {1, 1, 4}, {2, 2, 2.5}, Mat3::identity());
  EXPECT_THAT(patch.image, ElementsAre(221, 222, 0, 0));
  EXPECT_THAT(patch.labels, ElementsAre(2, 2, 0, 0));
}

TEST_F(PatchTest, RotatesAboutTheCentre) {
  // A quarter turn that maps the patch's h axis to the case's w axis and w to -h.
  const Mat3 turn{{{{1, 0, 0}, {0, 0, -1}, {0, 1, 0}}}};
  const Patch patch = cut_patch(source(), {1, 3, 3}, {0, 1, 1}, turn);
  EXPECT_THAT(patch.image, ElementsAre(20, 10, 0, 21, 11, 1, 22, 12, 2));
}

TEST_F(PatchTest, RandomPatchStaysInsideTheCaseWithoutAugmentation) {
  ModelPlan plan = testing::tiny_plan();
  plan.patch_size = {2, 2, 2};
  Augmentation none;
  none.geometry_chance = none.intensity_chance = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Patch patch = draw_patch(source(), plan, {}, none, Random(seed));
    const float start = patch.image[0];
    std::vector<float> expected;  // the image is linear: neighbours differ by 1, 10 and 100
    for (int v = 0; v < 8; ++v)
      expected.push_back(start + static_cast<float>(100 * (v / 4) + 10 * (v / 2 % 2) + v % 2));
    EXPECT_THAT(patch.image, Pointwise(FloatNear(1e-3F), expected));
  }
}

TEST_F(PatchTest, ForcedRegionIsInThePatch) {
  ModelPlan plan = testing::tiny_plan();
  plan.patch_size = {1, 1, 1};
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    EXPECT_EQ(draw_patch(source(), plan, 1, Augmentation{}, Random(seed)).labels[0], 2);
  }
}

TEST_F(PatchTest, SmallCaseIsCentredInThePatch) {
  ModelPlan plan = testing::tiny_plan();
  plan.patch_size = {3, 3, 7};
  Augmentation none;
  none.geometry_chance = none.intensity_chance = 0;
  const Patch patch = draw_patch(source(), plan, 0, none, Random(1));
  EXPECT_THAT(std::vector<float>(patch.image.end() - 7, patch.image.end()),
              ElementsAre(0, 0, 220, 221, 222, 0, 0));
}

TEST_F(PatchTest, IntensityChangesKeepTheLabelsAndFollowTheSeed) {
  ModelPlan plan = testing::tiny_plan();
  plan.patch_size = {3, 3, 3};
  Augmentation intensities;
  intensities.geometry_chance = 0;
  intensities.intensity_chance = 1;
  const TrainingCase whole = source();
  const Patch first = draw_patch(whole, plan, {}, intensities, Random(5));
  const Patch again = draw_patch(whole, plan, {}, intensities, Random(5));
  const Patch other = draw_patch(whole, plan, {}, intensities, Random(6));
  EXPECT_EQ(first.image, again.image);
  EXPECT_NE(first.image, other.image);
  EXPECT_EQ(first.labels, std::vector<std::uint8_t>(whole.labels().begin(), whole.labels().end()));
  EXPECT_FALSE(std::equal(first.image.begin(), first.image.end(), whole.image().begin()));
}

TEST_F(PatchTest, DarkenedLesionsMoveTogetherTowardsFluid) {
  ModelPlan plan = testing::tiny_plan();
  plan.patch_size = {3, 3, 3};
  plan.intensities = {{-1000, 1000, 0, 1}};  // fluid is 10
  Augmentation darkening;
  darkening.geometry_chance = darkening.intensity_chance = 0;
  darkening.darkening_chance = 1;
  darkening.lesion_labels = {1};  // the voxels of 100 to 122, mean 111
  const TrainingCase whole = source();
  const Patch patch = draw_patch(whole, plan, {}, darkening, Random(5));
  const float shift = patch.image[9] - whole.image()[9];
  EXPECT_LT(shift, 0);
  EXPECT_GE(shift, 10 - 111);
  for (std::size_t v = 0; v < 27; ++v) {
    EXPECT_NEAR(patch.image[v], whole.image()[v] + (patch.labels[v] == 1 ? shift : 0), 1e-3);
  }
}

}  // namespace
}  // namespace hepar
