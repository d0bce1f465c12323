// SPDX-License-Identifier: Apache-2.0
#include "hepar/train/augmentation.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "hepar/train/test_dataset.h"

namespace hepar {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

AugmentationRecipe nothing() {
  AugmentationRecipe recipe;
  recipe.rotation_chance = recipe.scaling_chance = recipe.noise_chance = recipe.blur_chance = 0;
  recipe.brightness_chance = recipe.contrast_chance = recipe.low_resolution_chance = 0;
  recipe.gamma_chance = recipe.gamma_inverted_chance = 0;
  recipe.mirror = false;
  return recipe;
}

// A case of 6 x 6 x 6 voxels, each with a label and a value of its own; patches of 4 x 4 x 4.
class AugmentedPatch : public ::testing::Test {
 protected:
  AugmentedPatch() : labels_(testing::region_labels()), plan_(testing::tiny_plan()) {
    for (int v = 0; v < 216; ++v) {
      map_.push_back(static_cast<std::int16_t>(v));
      image_.push_back(static_cast<float>(v % 7) - 3);
    }
    plan_.patch_size = {4, 4, 4};
  }
  Patch draw(const AugmentationRecipe& recipe, std::uint64_t seed) const {
    const PatchGeometry geometry = training_geometry(plan_, recipe);
    const SourceWindow window{image_, map_, channels_, {6, 6, 6}, {1, 1, 1}, geometry.initial_size};
    return augmented_patch(window, geometry, plan_, labels_, recipe, Random(seed));
  }
  // With the change that `recipe` makes and without it.
  std::vector<float> plain() const { return draw(nothing(), 0).image; }

  DatasetLabels labels_;
  ModelPlan plan_;
  std::vector<float> image_;
  std::vector<std::int16_t> map_;
  std::int64_t channels_ = 1;
};

TEST_F(AugmentedPatch, IsTheCropWithoutChanges) {
  const Patch patch = draw(nothing(), 1);
  EXPECT_THAT(patch.size, ElementsAre(4, 4, 4));
  EXPECT_EQ(patch.labels[0], 1 * 36 + 1 * 6 + 1);
  EXPECT_EQ(patch.labels[63], 4 * 36 + 4 * 6 + 4);
  EXPECT_EQ(patch.image[0], 43 % 7 - 3);
}

TEST_F(AugmentedPatch, IsTurnedOrScaledAsOftenAsAsked) {
  // 1 - 0.8 * 0.8 = 0.36 of 1000; five SDs are 5 * sqrt(1000 * 0.36 * 0.64) = 76.
  AugmentationRecipe recipe = nothing();
  recipe.rotation_chance = recipe.scaling_chance = 0.2;
  int moved = 0;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    const Patch patch = draw(recipe, seed);  // the image holds whole numbers until it is interpolated
    moved += std::any_of(patch.image.begin(), patch.image.end(), [](float v) { return v != std::floor(v); });
  }
  EXPECT_NEAR(moved, 360, 76);
}

TEST_F(AugmentedPatch, TurnsThickSlicesInPlane) {
  plan_.patch_size = {1, 4, 4};  // 4 / 1 > 3
  AugmentationRecipe recipe = nothing();
  recipe.rotation_chance = recipe.scaling_chance = 1;
  for (std::size_t v = 0; v < 216; ++v) image_[v] = static_cast<float>(v / 36);  // the slice's number
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    for (const float value : draw(recipe, seed).image) ASSERT_TRUE(value <= 1.00001F) << value;
  }
}

TEST_F(AugmentedPatch, MirrorsEachAxisOnItsOwn) {
  AugmentationRecipe recipe = nothing();
  recipe.mirror = true;
  std::set<std::int16_t> corners;
  for (std::uint64_t seed = 0; seed < 200; ++seed) corners.insert(draw(recipe, seed).labels[0]);
  std::set<std::int16_t> all;
  for (const int d : {1, 4}) {
    for (const int h : {1, 4}) {
      for (const int w : {1, 4}) all.insert(static_cast<std::int16_t>(36 * d + 6 * h + w));
    }
  }
  EXPECT_EQ(corners, all);
}

TEST_F(AugmentedPatch, ChangesIntensitiesAlone) {
  for (double AugmentationRecipe::*chance :
       {&AugmentationRecipe::noise_chance, &AugmentationRecipe::blur_chance,
        &AugmentationRecipe::brightness_chance, &AugmentationRecipe::contrast_chance,
        &AugmentationRecipe::low_resolution_chance, &AugmentationRecipe::gamma_inverted_chance,
        &AugmentationRecipe::gamma_chance}) {
    AugmentationRecipe recipe = nothing();
    recipe.blur_channel_chance = recipe.low_resolution_channel_chance = 1;
    recipe.low_resolution_scale = 0.5;
    recipe.*chance = 1;
    std::set<std::vector<float>> images{plain()};
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
      const Patch patch = draw(recipe, seed);
      EXPECT_EQ(patch.labels, draw(nothing(), seed).labels);
      EXPECT_EQ(patch.image, draw(recipe, seed).image);
      images.insert(patch.image);
    }
    // Of 4 voxels low resolution leaves 2, 3 or all; the other changes are never the same.
    EXPECT_GE(images.size(), chance == &AugmentationRecipe::low_resolution_chance ? 2U : 9U);
  }
}

TEST_F(AugmentedPatch, BrightensAndDarkensEquallyOften) {
  AugmentationRecipe recipe = nothing();
  recipe.brightness_chance = 1;
  const float before = plain()[0];
  int below = 0;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    const float factor = draw(recipe, seed).image[0] / before;
    ASSERT_GE(factor, 0.75F);
    ASSERT_LE(factor, 1.25F);
    below += factor < 1;
  }
  EXPECT_NEAR(below, 500, 79);  // five SDs of sqrt(1000 / 4)
}

TEST_F(AugmentedPatch, OneChangeLeavesTheOthersAsTheyAre) {
  AugmentationRecipe few = nothing();
  few.brightness_chance = 1;
  few.mirror = true;
  AugmentationRecipe more = few;
  more.noise_chance = 1;
  more.noise_sd = 0;
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    EXPECT_EQ(draw(few, seed).image, draw(more, seed).image);
    EXPECT_EQ(draw(few, seed).labels, draw(more, seed).labels);
  }
}

TEST_F(AugmentedPatch, ChangesChannelsApart) {
  channels_ = 2;
  image_.insert(image_.end(), image_.begin(), image_.begin() + 216);
  AugmentationRecipe recipe = nothing();
  recipe.brightness_chance = 1;
  const Patch patch = draw(recipe, 1);
  EXPECT_NE(patch.image[0], patch.image[64]);
}

TEST_F(AugmentedPatch, DarkensLesionsTowardsFluid) {
  // The last region is label 2. Normalised, fluid is (10 - 60) / 60 = -0.833, the lesion's mean is 1.
  AugmentationRecipe recipe = nothing();
  recipe.darkening_chance = 1;
  for (std::size_t v = 0; v < 216; ++v) {
    map_[v] = v % 3 == 0 ? 2 : 1;
    image_[v] = v / 6 % 2 == 0 ? 0.0F : 2.0F;  // so that half of every patch's rows are 2
  }
  std::set<float> shifts;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Patch patch = draw(recipe, seed);
    std::set<float> of_patch;
    for (std::size_t v = 0; v < 64; ++v) {
      const float shift = patch.image[v] - plain()[v];
      if (patch.labels[v] == 2) {
        of_patch.insert(std::round(shift * 1e4F));
      } else {
        ASSERT_EQ(shift, 0);
      }
    }
    ASSERT_EQ(of_patch.size(), 1U);
    shifts.insert(*of_patch.begin());
  }
  EXPECT_LE(*shifts.rbegin(), 0);
  EXPECT_GE(*shifts.begin(), -18334);  // 1e4 * (1 + 0.8333)
  EXPECT_LT(*shifts.begin(), -9000);
  plan_.normalization_schemes = {"ZScoreNormalization"};  // whose values are no HU
  EXPECT_EQ(draw(recipe, 1).image, plain());
}

TEST_F(AugmentedPatch, ClearsWhatIsOutsideThePatient) {
  for (std::size_t v = 0; v < 216; ++v) {
    map_[v] = v % 2 == 0 ? -1 : 1;
    image_[v] = 5;
  }
  plan_.use_mask_for_norm = {false};
  EXPECT_THAT(draw(nothing(), 1).image, Each(5));
  plan_.use_mask_for_norm = {true};
  const Patch patch = draw(nothing(), 1);
  for (std::size_t v = 0; v < 64; ++v) {
    EXPECT_EQ(patch.image[v], patch.labels[v] == 1 ? 5 : 0);
    EXPECT_TRUE(patch.labels[v] == 0 || patch.labels[v] == 1);
  }
  EXPECT_EQ(patch.labels[0], 1);  // voxel 43
  EXPECT_EQ(patch.labels[1], 0);
}

}  // namespace
}  // namespace hepar
