// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn_cpu/instance_norm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "hepar/core/random.h"
#include "hepar/cpu_kernels/blocked_kernels.h"
#include "hepar/cpu_kernels/winograd.h"
#include "hepar/nn_reference/reference_layers.h"

namespace hepar::cpu {
namespace {
using testing::ElementsAre;

std::vector<float> random_values(std::int64_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = static_cast<float>(random.normal());
  return values;
}

std::vector<float> factors_of(const InstanceNorm& norm, const float* maps) {
  std::vector<float> factors(static_cast<std::size_t>(norm.factor_count()));
  norm.find_factors(maps, factors.data());
  return factors;
}

void normalise(const NormShape& shape, const Affine& affine, float* maps) {
  const InstanceNorm norm(shape, affine);
  norm.apply(factors_of(norm, maps).data(), maps);
}

void join(const NormShape& shape, const Affine& affine, const std::optional<Affine>& skip_affine,
          const float* skip, float* maps) {
  const InstanceNorm norm(shape, affine);
  std::vector<float> skip_factors;
  if (skip_affine) skip_factors = factors_of(InstanceNorm(shape, *skip_affine), skip);
  norm.join(factors_of(norm, maps).data(), skip, skip_affine ? skip_factors.data() : nullptr, maps);
}

// Maps whose channel c holds `values` + 100 c at its voxels, `channels` of them.
AlignedFloats blocked_maps(const std::vector<float>& values, std::int64_t channels) {
  std::vector<float> plain;
  for (std::int64_t c = 0; c < channels; ++c) {
    for (const float value : values) plain.push_back(value + 100 * static_cast<float>(c));
  }
  const std::int64_t voxels = static_cast<std::int64_t>(values.size());
  AlignedFloats blocked = make_aligned(padded(channels, blocked_kernels().block) * voxels);
  block_channels(plain, channels, blocked.get());
  return blocked;
}

std::vector<float> channel_of(const AlignedFloats& blocked, std::int64_t voxels, std::int64_t channel) {
  const std::int64_t block = blocked_kernels().block;
  std::vector<float> values;
  for (std::int64_t v = 0; v < voxels; ++v) {
    values.push_back(
        blocked[static_cast<std::size_t>((channel / block * voxels + v) * block + channel % block)]);
  }
  return values;
}

TEST(Norm, LeavesExactlyTheBiasOfASingleVoxel) {
  const AlignedFloats maps = blocked_maps({12345.678f}, 2);
  const NamedTensor weight{{2}, {7, 9}}, bias{{2}, {0.25f, -0.5f}};
  normalise({1, 1e-5, 0.5}, {weight, bias}, maps.get());
  EXPECT_EQ(channel_of(maps, 1, 0), (std::vector<float>{0.25f}));
  EXPECT_EQ(channel_of(maps, 1, 1), (std::vector<float>{-0.25f}));
}

class ResidualJoin : public testing::Test {
 protected:
  // Maps (0, 0, 6, 6): mean 3, variance 9; with eps 7 the divisor is 4: (-0.75, -0.75, 0.75, 0.75), times 4
  // plus 1: (-2, -2, 4, 4).
  AlignedFloats maps_ = blocked_maps({0, 0, 6, 6}, 1);
  const NamedTensor weight_{{1}, {4}}, bias_{{1}, {1}};
  const Affine norm_{weight_, bias_};
  const NormShape shape_{4, 7, 0.5};
};

TEST_F(ResidualJoin, AddsTheSkipAsItIs) {
  // Plus (1, 5, -6, 0): (-1, 3, -2, 4); negative values times 0.5.
  const AlignedFloats skip = blocked_maps({1, 5, -6, 0}, 1);
  join(shape_, norm_, {}, skip.get(), maps_.get());
  EXPECT_THAT(channel_of(maps_, 4, 0), ElementsAre(-0.5f, 3, -1, 4));
  EXPECT_THAT(channel_of(skip, 4, 0), ElementsAre(1, 5, -6, 0));
  EXPECT_THAT(channel_of(maps_, 4, 1), ElementsAre(0, 0, 0, 0)) << "a lane beyond the last channel";
}

TEST_F(ResidualJoin, NormalisesTheSkip) {
  // Skip (2, 8, 2, 8): mean 5, variance 9: (-0.75, 0.75, -0.75, 0.75), times 8 plus 2: (-4, 8, -4, 8). The
  // sum is (-6, 6, 0, 12).
  const AlignedFloats skip = blocked_maps({2, 8, 2, 8}, 1);
  const NamedTensor weight{{1}, {8}}, bias{{1}, {2}};
  join(shape_, norm_, Affine{weight, bias}, skip.get(), maps_.get());
  EXPECT_THAT(channel_of(maps_, 4, 0), ElementsAre(-3, 6, 0, 12));
}

// Many chunks and blocks, against the reference.
TEST(ResidualJoinOfManyVoxels, AgreesWithTheReference) {
  const std::int64_t block = blocked_kernels().block, channels = block + 1, voxels = 2 * 4096 + 7;
  const auto random_affine = [&](std::uint64_t seed) {
    return NamedTensor{{channels}, random_values(channels, seed)};
  };
  const NamedTensor weight = random_affine(1), bias = random_affine(2);
  const NamedTensor skip_weight = random_affine(3), skip_bias = random_affine(4);
  const auto values = random_values(channels * voxels, 5), skip_values = random_values(channels * voxels, 6);
  reference::Maps maps({1, channels, 1, 1, voxels}), skip = maps;
  maps.values.assign(values.begin(), values.end());
  skip.values.assign(skip_values.begin(), skip_values.end());
  reference::normalise(maps, {weight, bias}, 1e-5);
  reference::normalise(skip, {skip_weight, skip_bias}, 1e-5);
  reference::add(maps, skip);
  reference::activate(maps, 0.01);
  const AlignedFloats skips = make_aligned(2 * block * voxels), out = make_aligned(2 * block * voxels);
  block_channels(values, channels, out.get());
  block_channels(skip_values, channels, skips.get());
  join({voxels, 1e-5, 0.01}, {weight, bias}, Affine{skip_weight, skip_bias}, skips.get(), out.get());
  for (std::int64_t channel = 0; channel < channels; ++channel) {
    const std::vector<float> got = channel_of(out, voxels, channel);
    for (std::int64_t v = 0; v < voxels; ++v) {
      // Values up to 20 in a handful of float32 operations: 20 * 2^-24 = 1.2e-6 each.
      ASSERT_NEAR(got[static_cast<std::size_t>(v)],
                  maps.values[static_cast<std::size_t>(channel * voxels + v)], 1e-5);
    }
  }
}

// A mean that is large beside the spread is where sums in float32 lose the variance.
TEST(Norm, KeepsItsPrecisionBesideALargeMean) {
  const std::int64_t block = blocked_kernels().block, voxels = 3 * 4096 + 5;
  const NamedTensor weight{{2}, {1, 3}}, bias{{2}, {0, -1}};
  reference::Maps maps({1, 2, 1, 1, voxels});
  Random random(4);
  for (double& value : maps.values) value = static_cast<float>(1000 + random.normal());
  const std::vector<float> values(maps.values.begin(), maps.values.end());
  const AlignedFloats blocked = make_aligned(block * voxels);
  block_channels(values, 2, blocked.get());
  normalise({voxels, 1e-5, 0.01}, {weight, bias}, blocked.get());
  reference::normalise(maps, {weight, bias}, 1e-5);
  reference::activate(maps, 0.01);
  for (std::int64_t v = 0; v < voxels; ++v) {
    for (std::int64_t channel = 0; channel < block; ++channel) {
      const double right = channel < 2 ? maps.values[static_cast<std::size_t>(channel * voxels + v)] : 0;
      // The mean is taken off first, so that values up to 15 are left: 15 * 2^-24 = 9e-7 a few times.
      ASSERT_NEAR(blocked[static_cast<std::size_t>(v * block + channel)], right, 5e-6);
    }
  }
}

// A convolution whose outputs are 1000 and little more: its moments give the factors that its maps give.
TEST(Norm, FindsTheSameFactorsFromTheMomentsOfAConvolution) {
  constexpr TileRule kF4 = TileRule::kF4;
  const std::int64_t block = blocked_kernels().block;
  const ConvolutionShape shape{block, 2 * block, {6, 9, 13}, {3, 3, 3}, {1, 1, 1}};
  const std::int64_t voxels = voxels_of(shape.in);
  const std::vector<float> values = random_values(2 * block * block * 27, 1);
  const std::vector<float> bias(static_cast<std::size_t>(2 * block), 1000.0f);
  const auto convolution = make_winograd(shape, {kF4, kF4, kF4}, {values, bias}, 24);
  const AlignedFloats in = make_aligned(block * voxels), out = make_aligned(2 * block * voxels);
  block_channels(random_values(block * voxels, 2), block, in.get());
  std::vector<double> moments(static_cast<std::size_t>(convolution->moment_rows() * 2 * 2 * block));
  ASSERT_EQ(convolution->moment_rows(), 2 * 3 * 4) << "tiles of 4";
  const MapsPart part{in.get(), block, 0, 6};
  convolution->run({&part, 1}, out.get(), {0, 6}, moments.data());
  const std::vector<float> ones(bias.size(), 1.0f), zeros(bias.size(), 0.0f);
  const NamedTensor weight{{2 * block}, ones}, shift{{2 * block}, zeros};
  const InstanceNorm norm({voxels, 1e-5, 0.01}, {weight, shift});
  const std::vector<float> wanted = factors_of(norm, out.get());
  std::vector<float> got(wanted.size());
  norm.find_factors_from_moments(moments.data(), convolution->moment_rows(), got.data());
  // Rounded sums of 64 values in float32: 64 * 2^-24 of their spread at the most.
  for (std::size_t n = 0; n < got.size(); ++n)
    EXPECT_NEAR(got[n], wanted[n], 4e-6 * (1 + std::abs(wanted[n])));
}

}  // namespace
}  // namespace hepar::cpu
