// SPDX-License-Identifier: Apache-2.0
#include "hepar/train/training_case.h"

#include <gmock/gmock.h>

#include "hepar/core/error.h"
#include "hepar/train/test_dataset.h"

namespace hepar {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::ScratchFolder;

template <class Call>
std::string message_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(TrainingCase, FindsTheVoxelsOfEachRegion) {
  const ScratchFolder folder("hepar_training_case");
  const auto file = folder.path() / "a.safetensors";
  testing::write_case(file, {1, 2, 3}, {0, 1, 2, 3, 4, 5}, {0, 1, 2, 3, 0, 2});
  const TrainingCase source(file, testing::region_labels());
  EXPECT_EQ(source.name(), "a");
  EXPECT_THAT(source.size(), ElementsAre(1, 2, 3));
  EXPECT_THAT(source.image(), ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_THAT(source.voxels_of(0), ElementsAre(1, 2, 3, 5));
  EXPECT_THAT(source.voxels_of(1), ElementsAre(2, 5));
}

TEST(TrainingCase, KeepsAtMostTenThousandVoxels) {
  const ScratchFolder folder("hepar_training_case");
  const auto file = folder.path() / "a.safetensors";
  testing::write_case(file, {30, 30, 30}, std::vector<float>(27000), std::vector<std::uint8_t>(27000, 1));
  const TrainingCase source(file, testing::region_labels());
  ASSERT_EQ(source.voxels_of(0).size(), 10000U);
  EXPECT_EQ(source.voxels_of(0).back(), 26997U);  // floor(9999 * 2.7)
  EXPECT_TRUE(source.voxels_of(1).empty());
}

TEST(TrainingCase, RefusesLabelsOfAnotherSize) {
  const ScratchFolder folder("hepar_training_case");
  const std::vector<float> image(8);
  const std::vector<std::uint8_t> labels(4);
  const auto file = folder.path() / "a.safetensors";
  write_safetensors(file, {{"image", ElementType::kFloat32, {1, 2, 2, 2}, std::as_bytes(std::span(image))},
                           {"labels", ElementType::kUInt8, {1, 2, 2}, std::as_bytes(std::span(labels))}});
  EXPECT_THAT(message_of([&] { TrainingCase(file, testing::region_labels()); }),
              HasSubstr("different sizes"));
}

TEST(RegionTarget, MarksTheRegionsLabels) {
  const std::vector<std::uint8_t> labels{0, 1, 2, 3};
  EXPECT_THAT(region_target(labels, {1, 2, 3}), ElementsAre(0, 1, 1, 1));
  EXPECT_THAT(region_target(labels, {2}), ElementsAre(0, 0, 1, 0));
}

TEST(OpenPreprocessed, ReadsPlanRegionsAndSplit) {
  const ScratchFolder folder("hepar_preprocessed");
  testing::write_dataset(folder.path(), 3);
  const PreprocessedDataset dataset = open_preprocessed(folder.path());
  EXPECT_EQ(dataset.training.size(), 2U);
  ASSERT_EQ(dataset.validation.size(), 1U);
  EXPECT_EQ(dataset.validation[0].name(), "case_2");
  EXPECT_EQ(dataset.labels.regions[0].first, "liver");
}

TEST(OpenPreprocessed, RefusesASplitWithoutTrainingCases) {
  const ScratchFolder folder("hepar_preprocessed");
  testing::write_dataset(folder.path(), 1);
  EXPECT_THAT(message_of([&] { open_preprocessed(folder.path()); }), HasSubstr("no case to train on"));
}

TEST(OpenPreprocessed, RefusesADamagedSplit) {
  const ScratchFolder folder("hepar_preprocessed");
  testing::write_dataset(folder.path(), 2);
  write_text_file(folder.path() / "splits_final.json", "{");
  EXPECT_THAT(message_of([&] { open_preprocessed(folder.path()); }), HasSubstr("splits_final.json"));
}

}  // namespace
}  // namespace hepar
