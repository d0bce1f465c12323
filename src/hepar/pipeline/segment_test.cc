// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/segment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hepar/core/error.h"

namespace hepar {
namespace {

LabelMap row(std::initializer_list<std::uint8_t> values) {
  LabelMap labels({.size = {static_cast<std::int64_t>(values.size()), 1, 1}, .spacing_mm = {10, 10, 10}});
  std::copy(values.begin(), values.end(), labels.voxels().begin());
  return labels;
}

TEST(DropLiverIslands, KeepsTheLiverAndEveryTumour) {
  // Parts: 1 voxel, 3 voxels (the liver), 2 voxels with tumour, 1 voxel; two of 1 mL each go.
  LabelMap labels = row({1, 0, 1, 2, 1, 0, 1, 2, 0, 1});
  const std::string note = drop_liver_islands(labels);
  EXPECT_THAT(labels.voxels(), testing::ElementsAre(0, 0, 1, 2, 1, 0, 1, 2, 0, 0));
  EXPECT_THAT(note, testing::StartsWith("2 islands of predicted liver (2.0 mL in all"));
}

TEST(DropLiverIslands, SaysNothingWhenThereIsNothingToDrop) {
  LabelMap one = row({0, 1, 1, 0});
  EXPECT_EQ(drop_liver_islands(one), "");
  LabelMap none = row({0, 0});
  EXPECT_EQ(drop_liver_islands(none), "");
}

TEST(LoadModel, NamesAFolderThatIsNoModel) { EXPECT_THROW(load_model("/nowhere/at/all", nullptr), Error); }

}  // namespace
}  // namespace hepar
