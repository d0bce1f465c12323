// SPDX-License-Identifier: Apache-2.0
#include "hepar/infer/label_projection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/core/random.h"

namespace hepar {
namespace {
using testing::ElementsAre;

Tensor logits_of(const TensorShape& shape, std::vector<float> values) {
  Tensor tensor(shape);
  tensor.values = std::move(values);
  return tensor;
}

TEST(ProjectLabels, InterpolatesLinearlyBetweenVoxelCentres) {
  // 2 voxels onto 8: places (n + 0.5) / 4 - 0.5 = -0.375, -0.125, 0.125, .. 0.875, 1.125; the logit -1 + 4 *
  // place crosses zero at 0.25, between the third voxel (-0.5) and the fourth (0.375: 0.5).
  const Tensor logits = logits_of({1, 1, 1, 1, 2}, {-1, 3});
  const LabelMap labels = project_labels(logits, {1}, {.size = {8, 1, 1}}, {});
  EXPECT_THAT(labels.voxels(), ElementsAre(0, 0, 0, 1, 1, 1, 1, 1));
}

TEST(ProjectLabels, LaterRegionsWinAndZeroIsNotAbove) {
  const Tensor logits = logits_of({1, 2, 1, 1, 4}, {1, 1, 0, -1,    // label 1
                                                    -1, 2, 0, 3});  // label 2, wherever it is
  const Geometry grid{.size = {4, 1, 1}};
  EXPECT_THAT(project_labels(logits, {1, 2}, grid, {}).voxels(), ElementsAre(1, 2, 0, 2));
  EXPECT_THAT(project_labels(logits, {2, 1}, grid, {}).voxels(), ElementsAre(2, 1, 0, 1));
}

TEST(ProjectLabels, ShrinksAsWell) {
  // 4 voxels onto 2: places 0.5 and 2.5, the means of neighbours: 0.5 and -0.5.
  const Tensor logits = logits_of({1, 1, 1, 1, 4}, {-2, 3, -2, 1});
  EXPECT_THAT(project_labels(logits, {1}, {.size = {2, 1, 1}}, {}).voxels(), ElementsAre(1, 0));
}

// Projecting through an axis order is projecting onto the reoriented grid and reorienting the labels back.
TEST(ProjectLabels, UndoesTheReorientation) {
  Geometry scan{.size = {5, 6, 7}, .spacing_mm = {1, 2, 3}};
  scan.direction.set_column(0, {0, 0, -1});
  scan.direction.set_column(1, {1, 0, 0});
  scan.direction.set_column(2, {0, 1, 0});
  const AxisOrder order = axis_order_for(scan, "RAS");
  const Geometry reoriented = reorient(scan, order);
  Tensor logits({1, 2, 4, 3, 2});
  Random random(1);
  for (float& value : logits.values) value = static_cast<float>(random.normal());
  const LabelMap straight = project_labels(logits, {1, 2}, reoriented, {});
  const LabelMap wanted = reorient(straight, inverse(order));
  const LabelMap got = project_labels(logits, {1, 2}, scan, order);
  EXPECT_EQ(got.geometry(), scan);
  EXPECT_TRUE(
      std::equal(got.voxels().begin(), got.voxels().end(), wanted.voxels().begin(), wanted.voxels().end()));
  EXPECT_GT(std::count(got.voxels().begin(), got.voxels().end(), 2), 0);
}

TEST(ProjectLabels, IsTheSameForAnyNumberOfThreads) {
  Tensor logits({1, 2, 4, 5, 6});
  Random random(2);
  for (float& value : logits.values) value = static_cast<float>(random.normal());
  const int before = thread_count();
  set_thread_count(1);
  const LabelMap one = project_labels(logits, {1, 2}, {.size = {17, 19, 23}}, {});
  set_thread_count(3);
  const LabelMap three = project_labels(logits, {1, 2}, {.size = {17, 19, 23}}, {});
  set_thread_count(before);
  EXPECT_TRUE(std::equal(one.voxels().begin(), one.voxels().end(), three.voxels().begin()));
}

TEST(ProjectLabels, RefusesRegionsThatAreNotTheOutputs) {
  EXPECT_THROW(project_labels(Tensor({1, 2, 1, 1, 1}), {1}, {.size = {1, 1, 1}}, {}), Error);
}

}  // namespace
}  // namespace hepar
