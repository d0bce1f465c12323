// SPDX-License-Identifier: Apache-2.0
#include "hepar/train/draw_patch.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "hepar/core/error.h"
#include "hepar/train/patch_loader.h"
#include "hepar/train/test_dataset.h"

namespace hepar {
namespace {

using ::testing::ElementsAre;
using testing::ScratchFolder;

// Cases of 10 x 12 x 9 voxels, three to train on and one to validate; patches of 8 x 8 x 8.
class DrawPatch : public ::testing::Test {
 protected:
  DrawPatch() : folder_("hepar_draw_patch") {
    testing::write_dataset(folder_.path(), 4);
    dataset_ = open_preprocessed(folder_.path(), "3d_fullres", {{"case_0", "case_1", "case_2"}, {"case_3"}});
  }
  ScratchFolder folder_;
  PreprocessedDataset dataset_;
  TrainingRecipe recipe_;
};

TEST_F(DrawPatch, DependsOnSeedAndNumberAlone) {
  const Patch patch = draw_training_patch(dataset_, recipe_, 5, 2);
  EXPECT_THAT(patch.size, ElementsAre(8, 8, 8));
  EXPECT_EQ(patch.image.size(), 512U);
  EXPECT_EQ(patch.labels.size(), 512U);
  draw_training_patch(dataset_, recipe_, 6, 2);
  EXPECT_EQ(draw_training_patch(dataset_, recipe_, 5, 2).image, patch.image);
  EXPECT_NE(draw_training_patch(dataset_, recipe_, 7, 2).image, patch.image);
  recipe_.seed = 2;
  EXPECT_NE(draw_training_patch(dataset_, recipe_, 5, 2).image, patch.image);
}

TEST_F(DrawPatch, HasTheLabelsOfTheDatasetAlone) {
  std::set<std::int16_t> labels;
  std::set<std::size_t> cases;
  for (std::uint64_t number = 0; number < 100; ++number) {
    const Patch patch = draw_training_patch(dataset_, recipe_, number, 2);
    labels.insert(patch.labels.begin(), patch.labels.end());
    cases.insert(patch.case_index);
  }
  EXPECT_THAT(labels, ElementsAre(0, 1, 2));
  EXPECT_THAT(cases, ElementsAre(0, 1, 2));
}

TEST_F(DrawPatch, OfValidationIsAPieceOfTheCase) {
  const TrainingCase& source = dataset_.validation[0];
  for (std::uint64_t number = 0; number < 20; ++number) {
    const Patch patch = draw_validation_patch(dataset_, recipe_, number, 2);
    EXPECT_EQ(patch.case_index, 0U);
    for (std::int64_t v = 0; v < 512; ++v) {
      const auto at = static_cast<std::size_t>(v);
      // May start up to 3 voxels before the end along h: 8 / 2 - 1 of a tumour at the border.
      const std::int64_t d = patch.start[0] + v / 64, h = patch.start[1] + v / 8 % 8,
                         w = patch.start[2] + v % 8;
      const bool inside = d < 10 && h < 12 && w < 9;
      const auto there = static_cast<std::size_t>((d * 12 + h) * 9 + w);
      ASSERT_EQ(patch.image[at], inside ? source.image()[there] : 0);
      ASSERT_EQ(patch.labels[at], inside ? source.labels()[there] : 0);
    }
  }
}

TEST_F(DrawPatch, ShowsForegroundInTheLastOfTheBatch) {
  // A patch of one voxel is the foreground voxel itself. Of a batch of 3 only the last: round(3 * 0.67) = 2.
  dataset_.plan.patch_size = {1, 1, 1};
  int background = 0;
  for (std::uint64_t number = 0; number < 90; ++number) {
    const std::int16_t label = draw_validation_patch(dataset_, recipe_, number, 3).labels[0];
    if (number % 3 == 2) {
      EXPECT_GT(label, 0);
    }
    background += label == 0;
  }
  EXPECT_GT(background, 5);  // 40 % of the case
}

TEST_F(DrawPatch, NeedsACase) {
  dataset_.validation.clear();
  EXPECT_THROW(draw_validation_patch(dataset_, recipe_, 0, 2), Error);
}

TEST_F(DrawPatch, IsTheSameForEveryNumberOfWorkers) {
  const auto images = [&](int workers) {
    PatchLoader loader([&](std::uint64_t n) { return draw_training_patch(dataset_, recipe_, n, 2); }, 3, 23,
                       workers, 5);
    std::vector<std::vector<float>> drawn;
    for (int n = 0; n < 20; ++n) drawn.push_back(loader.next().image);
    return drawn;
  };
  const auto alone = images(1);
  EXPECT_EQ(images(2), alone);
  EXPECT_EQ(images(5), alone);
}

}  // namespace
}  // namespace hepar
