// SPDX-License-Identifier: Apache-2.0
#include "hepar/train/pseudo_dice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "hepar/core/error.h"
#include "hepar/train/test_communicator.h"

namespace hepar {
namespace {

using ::testing::DoubleEq;
using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::Optional;

DatasetLabels softmax_labels(std::optional<int> ignore = {}) {
  return {.regions = {{"liver", {1}}, {"tumour", {2}}, {"cyst", {3}}},
          .regions_class_order = {},
          .foreground_labels = {1, 2, 3},
          .ignore_label = ignore,
          .channel_names = {"CT"}};
}

DatasetLabels region_labels(std::optional<int> ignore = {}) {
  return {.regions = {{"liver", {1, 2}}, {"tumour", {2}}},
          .regions_class_order = {1, 2},
          .foreground_labels = {1, 2},
          .ignore_label = ignore,
          .channel_names = {"CT"}};
}

at::Tensor row(const std::vector<int>& labels) {
  return at::tensor(labels).to(at::kShort).view({1, 1, 1, -1});
}

// Logits by which `labels` win.
at::Tensor winning(const std::vector<int>& labels, std::int64_t heads) {
  at::Tensor logits = at::zeros({1, heads, 1, 1, static_cast<std::int64_t>(labels.size())});
  for (std::size_t v = 0; v < labels.size(); ++v) {
    logits[0][labels[v]][0][0][static_cast<std::int64_t>(v)] = 1;
  }
  return logits;
}

TEST(PseudoDice, LabelsByTheLargestLogitOverAllBatches) {
  const auto alone = make_single_process();
  PseudoDice dice(softmax_labels());
  dice.add(winning({1, 1, 0, 2}, 4), row({1, 0, 0, 2}));
  dice.add(winning({1, 0, 2, 2}, 4), row({1, 1, 1, 2}));
  // Liver: TP 2, FP 1, FN 2, 4 / 7. Tumour: TP 2, FP 1, FN 0, 4 / 5. No cyst anywhere.
  const PseudoDiceScore score = dice.score(*alone);
  EXPECT_THAT(score.dice,
              ElementsAre(Optional(DoubleEq(4.0 / 7)), Optional(DoubleEq(0.8)), Eq(std::nullopt)));
  EXPECT_THAT(score.mean, Optional(DoubleEq((4.0 / 7 + 0.8) / 2)));
}

TEST(PseudoDice, RegionsAboveAHalf) {
  const auto alone = make_single_process();
  PseudoDice dice(region_labels());
  // Liver in voxels 0 and 1, tumour in 1 and 2; a logit of 0 is a half, not above it.
  const at::Tensor logits = at::tensor(std::vector<float>{1, 2, -1, 0, -3, 1, 1, -2}).view({1, 2, 1, 1, 4});
  dice.add(logits, row({1, 2, 1, 1}));
  // Liver: truth all four, TP 2, FN 2: 4 / 6. Tumour: TP 1, FP 1: 2 / 3.
  EXPECT_THAT(dice.score(*alone).dice, ElementsAre(Optional(DoubleEq(4.0 / 6)), Optional(DoubleEq(2.0 / 3))));
}

TEST(PseudoDice, IgnoredVoxelsDontCount) {
  const auto alone = make_single_process();
  PseudoDice labels(softmax_labels(4));
  labels.add(winning({1, 1, 3, 0}, 4), row({1, 4, 4, 2}));
  // Liver: the second voxel would be a false positive. Cyst: predicted where ignored only.
  EXPECT_THAT(labels.score(*alone).dice,
              ElementsAre(Optional(DoubleEq(1)), Optional(DoubleEq(0)), Eq(std::nullopt)));
  PseudoDice regions(region_labels(4));
  regions.add(at::ones({1, 2, 1, 1, 3}), row({2, 4, 4}));
  EXPECT_THAT(regions.score(*alone).mean, Optional(DoubleEq(1)));
}

TEST(PseudoDice, HasNoMeanWithoutForeground) {
  const auto alone = make_single_process();
  PseudoDice dice(softmax_labels());
  dice.add(winning({0, 0}, 4), row({0, 0}));
  EXPECT_EQ(dice.score(*alone).mean, std::nullopt);
  EXPECT_THROW(PseudoDice(softmax_labels()).score(*alone), Error);
}

TEST(PseudoDice, AddsUpAllProcesses) {
  std::array<std::optional<double>, 2> liver;
  testing::run_two_processes([&](int rank, Communicator& processes) {
    PseudoDice dice(softmax_labels());
    if (rank == 0) dice.add(winning({1, 1, 0, 2}, 4), row({1, 0, 0, 2}));
    if (rank == 1) dice.add(winning({1, 0, 2, 2}, 4), row({1, 1, 1, 2}));
    liver[static_cast<std::size_t>(rank)] = dice.score(processes).dice[0];
  });
  EXPECT_THAT(liver, ElementsAre(Optional(DoubleEq(4.0 / 7)), Optional(DoubleEq(4.0 / 7))));
}

TEST(SmoothedDice, FollowsSlowly) {
  EXPECT_EQ(smoothed_dice({}, 0.5), 0.5);
  EXPECT_DOUBLE_EQ(smoothed_dice(0.5, 1.0).value(), 0.55);
  EXPECT_EQ(smoothed_dice(0.5, {}), 0.5);
  EXPECT_EQ(smoothed_dice({}, {}), std::nullopt);
}

}  // namespace
}  // namespace hepar
