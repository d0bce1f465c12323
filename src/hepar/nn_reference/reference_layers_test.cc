// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn_reference/reference_layers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

namespace hepar::reference {
namespace {
using testing::ElementsAre;
using testing::Pointwise;

Maps maps_of(const TensorShape& shape, const std::vector<double>& values) {
  Maps maps(shape);
  maps.values = values;
  return maps;
}

TEST(ReferenceConvolve, OneVoxelKernelMixesChannels) {
  // Channels (1, 2) and (10, 20); y0 = x0 + 2 x1 + 0.5, y1 = -x0.
  const Maps input = maps_of({1, 2, 1, 1, 2}, {1, 2, 10, 20});
  const NamedTensor weight{{2, 2, 1, 1, 1}, {1, 2, -1, 0}}, bias{{2}, {0.5, 0}};
  EXPECT_THAT(convolve(input, {weight, bias}, {1, 1, 1}).values, ElementsAre(21.5, 42.5, -1, -2));
}

TEST(ReferenceConvolve, CentralTapIsTheIdentityAndOthersShift) {
  Maps input({1, 1, 3, 3, 3});
  std::iota(input.values.begin(), input.values.end(), 1.0);
  NamedTensor weight{{1, 1, 3, 3, 3}, std::vector<float>(27, 0)};
  const NamedTensor bias{{1}, {0}};
  weight.values[13] = 1;
  EXPECT_EQ(convolve(input, {weight, bias}, {1, 1, 1}).values, input.values);
  // The last tap along w reads the right neighbour; beyond the border stands zero (values run along w first).
  weight.values[13] = 0;
  weight.values[14] = 1;
  const Maps shifted = convolve(input, {weight, bias}, {1, 1, 1});
  EXPECT_EQ(shifted.at(0, 0, 0, 0), 2);
  EXPECT_EQ(shifted.at(0, 0, 0, 2), 0);
  EXPECT_EQ(shifted.at(0, 2, 2, 1), 27);
}

TEST(ReferenceConvolve, SumsOverTheKernelWithZeroPadding) {
  const Maps input = maps_of({1, 1, 2, 2, 2}, std::vector<double>(8, 1));
  const NamedTensor weight{{1, 1, 3, 3, 3}, std::vector<float>(27, 1)}, bias{{1}, {0}};
  // From every corner the kernel reaches all eight voxels.
  EXPECT_THAT(convolve(input, {weight, bias}, {1, 1, 1}).values, ElementsAre(8, 8, 8, 8, 8, 8, 8, 8));
}

TEST(ReferenceConvolve, StrideTakesEverySecondVoxel) {
  // Kernel 1x1x3 of ones, stride 2 along w: at 0: 0+1+2 = 3, at 2: 2+3+4 = 9, at 4: 4+5+0 = 9.
  const Maps input = maps_of({1, 1, 1, 1, 5}, {1, 2, 3, 4, 5});
  const NamedTensor weight{{1, 1, 1, 1, 3}, {1, 1, 1}}, bias{{1}, {0}};
  EXPECT_THAT(convolve(input, {weight, bias}, {1, 1, 2}).values, ElementsAre(3, 9, 9));
}

TEST(ReferenceUpsample, EveryVoxelFillsItsBox) {
  // One voxel of value 2 and weights 1..8: the output is 2, 4, .., 16 plus the bias 1.
  const Maps one = maps_of({1, 1, 1, 1, 1}, {2});
  NamedTensor weight{{1, 1, 2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8}};
  const NamedTensor bias{{1}, {1}};
  EXPECT_THAT(upsample(one, {weight, bias}).values, ElementsAre(3, 5, 7, 9, 11, 13, 15, 17));
}

TEST(ReferenceUpsample, MixesChannelsAndKeepsOrderAlongW) {
  // Two input channels (1, 2) and (3, 4), kernel 1x1x2; weight (C_in, C_out, ...): in 0 -> (1, 10), in 1 ->
  // (100, 1000).
  const Maps input = maps_of({1, 2, 1, 1, 2}, {1, 2, 3, 4});
  const NamedTensor weight{{2, 1, 1, 1, 2}, {1, 10, 100, 1000}}, bias{{1}, {0}};
  EXPECT_THAT(upsample(input, {weight, bias}).values, ElementsAre(301, 3010, 402, 4020));
}

TEST(ReferenceNorm, BiasedVarianceEpsInsideTheRootAndLeakyRelu) {
  // Channel 0: (1, 2, 3, 4): mean 2.5, biased variance 1.25; with eps 1 the divisor is sqrt(2.25) = 1.5, so
  // (-1, -1/3, 1/3, 1), times 2, plus 1: (-1, 1/3, 5/3, 3), negative values times 0.1.
  // Channel 1 is constant: 0 times anything plus the bias -2, times 0.1.
  Maps maps = maps_of({1, 2, 1, 2, 2}, {1, 2, 3, 4, 5, 5, 5, 5});
  const NamedTensor weight{{2}, {2, 3}}, bias{{2}, {1, -2}};
  normalise(maps, {weight, bias}, 1.0);
  activate(maps, 0.1);
  EXPECT_THAT(maps.values, Pointwise(testing::DoubleNear(1e-12),
                                     std::vector<double>{-0.1, 1.0 / 3, 5.0 / 3, 3, -0.2, -0.2, -0.2, -0.2}));
}

TEST(ReferenceNorm, LeavesTheBiasOfASingleVoxel) {
  // One voxel is its own mean, so that 0 / sqrt(eps) * weight is left of it.
  Maps maps = maps_of({1, 2, 1, 1, 1}, {5, -7});
  const NamedTensor weight{{2}, {2, 3}}, bias{{2}, {0.25, -0.5}};
  normalise(maps, {weight, bias}, 1e-5);
  EXPECT_THAT(maps.values, ElementsAre(0.25, -0.5));
}

TEST(ReferenceActivate, SlopeZeroIsARelu) {
  Maps maps = maps_of({1, 1, 1, 1, 3}, {-2, 0, 3});
  activate(maps, 0);
  EXPECT_THAT(maps.values, ElementsAre(0, 0, 3));
}

TEST(ReferenceAveragePool, TakesTheMeanOfEachBox) {
  // Values run along w first: row 0 is 1 2 3 4, row 1 is 5 6 7 8. Boxes of 2 x 2: (1 + 2 + 5 + 6) / 4 = 3.5
  // and (3 + 4 + 7 + 8) / 4 = 5.5; the second channel is ten times the first.
  const Maps input = maps_of({1, 2, 1, 2, 4}, {1, 2, 3, 4, 5, 6, 7, 8, 10, 20, 30, 40, 50, 60, 70, 80});
  const Maps pooled = average_pool(input, {1, 2, 2});
  EXPECT_EQ(pooled.shape, (TensorShape{1, 2, 1, 1, 2}));
  EXPECT_THAT(pooled.values, ElementsAre(3.5, 5.5, 35, 55));
  // Boxes of two slices: (1 + 5) / 2 = 3, (2 + 6) / 2 = 4, ...
  EXPECT_THAT(average_pool(maps_of({1, 1, 2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8}), {2, 1, 1}).values,
              ElementsAre(3, 4, 5, 6));
}

TEST(ReferenceAdd, AddsVoxelByVoxel) {
  Maps maps = maps_of({1, 1, 1, 1, 2}, {1, 2});
  add(maps, maps_of({1, 1, 1, 1, 2}, {10, 20}));
  EXPECT_THAT(maps.values, ElementsAre(11, 22));
}

TEST(ReferenceConcatenate, FirstComesFirst) {
  const Maps both = concatenate(maps_of({1, 1, 1, 1, 2}, {1, 2}), maps_of({1, 2, 1, 1, 2}, {3, 4, 5, 6}));
  EXPECT_EQ(both.shape, (TensorShape{1, 3, 1, 1, 2}));
  EXPECT_THAT(both.values, ElementsAre(1, 2, 3, 4, 5, 6));
}

}  // namespace
}  // namespace hepar::reference
