// SPDX-License-Identifier: Apache-2.0
#include "hepar/metrics/added_path_length.h"

#include <gtest/gtest.h>

#include "hepar/core/error.h"

namespace hepar {
namespace {

// 8 x 6 pixels of 1 x 2 mm in 4 slices.
Mask empty_mask() { return Mask({{8, 6, 4}, {1, 2, 5}, {}, Mat3::identity()}); }

void fill(Mask& mask, Int3 low, Int3 high) {
  for (std::int64_t k = low.k; k < high.k; ++k)
    for (std::int64_t j = low.j; j < high.j; ++j)
      for (std::int64_t i = low.i; i < high.i; ++i) mask[{i, j, k}] = 200;
}

TEST(AddedPathLength, OfTheWholeContour) {
  // A rectangle of 5 x 4 pixels that is 3 slices long: 14 contour pixels of (1 + 2) / 2 mm in each; its ends
  // have no contour across the slices.
  Mask reference = empty_mask();
  fill(reference, {1, 1, 0}, {6, 5, 3});
  EXPECT_DOUBLE_EQ(added_path_length_mm(empty_mask(), reference), 3 * 14 * 1.5);
  EXPECT_EQ(added_path_length_mm(reference, reference), 0);
  EXPECT_EQ(added_path_length_mm(reference, empty_mask()), 0);
  EXPECT_EQ(added_path_length_mm(empty_mask(), empty_mask()), 0);
}

TEST(AddedPathLength, ComparesWithinTheSliceOnly) {
  Mask reference = empty_mask(), prediction = empty_mask();
  fill(reference, {1, 1, 0}, {6, 5, 1});
  fill(prediction, {1, 1, 1}, {6, 5, 2});
  EXPECT_DOUBLE_EQ(added_path_length_mm(prediction, reference, 100), 14 * 1.5);
}

TEST(AddedPathLength, ThePredictionsInsideIsNoContour) {
  // The pixel lies inside the prediction, one step of 1 mm from its contour.
  Mask reference = empty_mask(), prediction = empty_mask();
  fill(prediction, {1, 1, 0}, {6, 4, 1});
  reference[{2, 2, 0}] = 1;
  EXPECT_DOUBLE_EQ(added_path_length_mm(prediction, reference), 1.5);
  EXPECT_DOUBLE_EQ(added_path_length_mm(prediction, reference, 0.9), 1.5);
  EXPECT_EQ(added_path_length_mm(prediction, reference, 1), 0);
}

TEST(AddedPathLength, BeyondTheImageIsOutside) {
  // The whole slice: its border of 2 * 8 + 2 * 6 - 4 = 24 pixels.
  Mask reference = empty_mask();
  fill(reference, {0, 0, 3}, {8, 6, 4});
  EXPECT_DOUBLE_EQ(added_path_length_mm(empty_mask(), reference), 24 * 1.5);
}

TEST(AddedPathLength, IsNotSymmetric) {
  // A single pixel of the larger contour: one of 14 is shared.
  Mask large = empty_mask(), small = empty_mask();
  fill(large, {1, 1, 0}, {6, 5, 1});
  small[{1, 1, 0}] = 1;
  EXPECT_EQ(added_path_length_mm(large, small), 0);
  EXPECT_DOUBLE_EQ(added_path_length_mm(small, large), 13 * 1.5);
}

TEST(AddedPathLength, RefusesOtherSizesAndNegativeTolerances) {
  const Mask other({{8, 6, 5}, {1, 2, 5}, {}, Mat3::identity()});
  EXPECT_THROW(added_path_length_mm(empty_mask(), other), Error);
  EXPECT_THROW(added_path_length_mm(empty_mask(), empty_mask(), -1), Error);
}

}  // namespace
}  // namespace hepar
