// SPDX-License-Identifier: Apache-2.0
#include "hepar/windows/fold_engines.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "hepar/core/error.h"
#include "hepar/windows/test_engine.h"

namespace hepar {
namespace {

// The values count up through the tensor.
Tensor ramp(const TensorShape& shape) {
  Tensor result(shape);
  for (std::size_t n = 0; n < result.values.size(); ++n) result.values[n] = static_cast<float>(n);
  return result;
}

std::vector<float> first_voxels(const std::vector<int>& mirror_axes) {
  std::vector<float> seen;
  const FoldEngines folds(fake_folds({[&](const Tensor& input) {
    seen.push_back(input.values[0]);
    return input;
  }}));
  folds.run(0, ramp({1, 1, 2, 3, 5}), mirror_axes);
  return seen;
}

TEST(FoldEngines, MirrorInTheOrderOfNnUnet) {
  // The voxel that comes first: mirroring d brings the one 15 further on, h 2 x 5 and w 4.
  EXPECT_EQ(first_voxels({0, 1, 2}), (std::vector<float>{0, 15, 10, 4, 25, 19, 14, 29}));
  EXPECT_EQ(first_voxels({1, 2}), (std::vector<float>{0, 10, 4, 14}));
  EXPECT_EQ(first_voxels({0, 2}), (std::vector<float>{0, 15, 4, 19}));
  EXPECT_EQ(first_voxels({1}), (std::vector<float>{0, 10}));
  EXPECT_EQ(first_voxels({}), (std::vector<float>{0}));
}

TEST(FoldEngines, AverageOverTheMirrorings) {
  // A ramp along every axis that ignores the input averages with its mirror images to its middle value.
  const FoldEngines folds(fake_folds({[](const Tensor& input) { return ramp(input.shape); }}));
  const Tensor flat = folds.run(0, Tensor({1, 1, 2, 2, 4}), {0, 1, 2});
  for (const float value : flat.values) EXPECT_EQ(value, 7.5f);
  // Along w alone each row averages to its own middle.
  const Tensor rows = folds.run(0, Tensor({1, 1, 2, 2, 4}), {2});
  for (std::size_t n = 0; n < 16; ++n) EXPECT_EQ(rows.values[n], static_cast<float>(n / 4 * 4) + 1.5f);
  // What is computed voxel by voxel is the same seen from any side.
  const Tensor input = random_tensor({1, 1, 3, 4, 5}, 1);
  const FoldEngines echoes(fake_folds({echo}));
  const Tensor echoed = echoes.run(0, input, {0, 1, 2});
  for (std::size_t n = 0; n < input.values.size(); ++n) EXPECT_FLOAT_EQ(echoed.values[n], input.values[n]);
}

// A network that answers otherwise for every voxel and that no mirroring leaves as it is.
Tensor uneven(const Tensor& input) {
  Tensor output = echo(input);
  for (std::size_t n = 0; n < output.values.size(); ++n) output.values[n] += 0.1f * static_cast<float>(n % 7);
  return output;
}

TEST(FoldEngines, PatchesAndMirroringsInOneCallGiveTheSameBits) {
  const Tensor both = random_tensor({2, 1, 3, 4, 5}, 2);
  const FoldEngines single(fake_folds({uneven}));
  std::vector<float> wanted;
  for (std::int64_t n = 0; n < 2; ++n) {
    Tensor patch({1, 1, 3, 4, 5});
    std::copy_n(both.values.begin() + n * 60, 60, patch.values.begin());
    const Tensor mean = single.run(0, patch, {0, 1, 2});
    wanted.insert(wanted.end(), mean.values.begin(), mean.values.end());
  }
  for (const std::int64_t preferred : {1, 3, 8, 100}) {
    std::int64_t most_seen = 0;
    const FoldEngines folds(fake_folds({uneven}, preferred, &most_seen));
    EXPECT_EQ(folds.preferred_samples(), preferred);
    const Tensor mean = folds.run(0, both, {0, 1, 2});
    EXPECT_EQ(mean.shape, (TensorShape{2, 2, 3, 4, 5}));
    EXPECT_EQ(mean.values, wanted) << preferred;
    EXPECT_EQ(most_seen, std::min<std::int64_t>(preferred, 16));  // 2 patches, 8 versions of each
  }
}

TEST(FoldEngines, ValuesThatAreNotFiniteAreAnError) {
  for (const float value :
       {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    const FoldEngines folds(fake_folds({[value](const Tensor& input) {
      Tensor output(input.shape);
      output.values.back() = value;
      return output;
    }}));
    try {
      folds.run(0, Tensor({1, 1, 4, 4, 4}), {});
      FAIL() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kCorrupt);
    }
  }
}

TEST(FoldEngines, AreAtLeastOne) { EXPECT_THROW(FoldEngines({}), Error); }

}  // namespace
}  // namespace hepar
