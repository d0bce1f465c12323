// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn_cpu/layers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <ostream>

#include "hepar/core/error.h"
#include "hepar/core/random.h"
#include "hepar/cpu_kernels/blocked_kernels.h"
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

struct ConvolutionCase {
  const char* name;
  std::int64_t in, out;
  bool plain;
  Size3 size;
  Kernel3 kernel, stride;
};
void PrintTo(const ConvolutionCase& c, std::ostream* out) { *out << c.name; }
class Convolutions : public testing::TestWithParam<ConvolutionCase> {
 protected:
  // Compares the layer with the reference on random values; tolerance as in test_engine_conformance.h for one
  // layer.
  void check(Layer (*make)(const LayerShape&, const SpreadLayer&)) {
    const ConvolutionCase& c = GetParam();
    const std::int64_t block = blocked_kernels().block, in_block = c.plain ? 1 : block;
    const NamedTensor weight{{c.out, c.in, c.kernel[0], c.kernel[1], c.kernel[2]},
                             random_values(c.out * c.in * voxels_of(c.kernel), 1)};
    const NamedTensor bias{{c.out}, random_values(c.out, 2)};
    const auto values = random_values(c.in * voxels_of(c.size), 3);
    reference::Maps maps({1, c.in, c.size[0], c.size[1], c.size[2]});
    maps.values.assign(values.begin(), values.end());
    const reference::Maps wanted = reference::convolve(maps, {weight, bias}, c.stride);

    const InputParts inputs{{c.in}, in_block};
    const LayerShape shape{
        inputs.padded_count(), padded(c.out, block), in_block, block, c.size, c.kernel, c.stride};
    const Layer layer = make(shape, spread_convolution(weight, bias, inputs, block));
    ASSERT_TRUE(layer) << "oneDNN falls to its reference path";
    const AlignedFloats in = make_aligned(shape.in_channels * voxels_of(c.size));
    c.plain ? void(std::copy(values.begin(), values.end(), in.get()))
            : block_channels(values, c.in, in.get());
    const std::int64_t voxels = voxels_of(shape.out());
    const AlignedFloats out = make_aligned(shape.out_channels * voxels);
    std::fill_n(out.get(), shape.out_channels * voxels, NAN);
    layer(in.get(), out.get());
    for (std::int64_t channel = 0; channel < shape.out_channels; ++channel) {
      for (std::int64_t v = 0; v < voxels; ++v) {
        const double right =
            channel < c.out ? wanted.values[static_cast<std::size_t>(channel * voxels + v)] : 0.0;
        ASSERT_NEAR(
            out[static_cast<std::size_t>(channel / block * voxels * block + v * block + channel % block)],
            right, 1e-4)
            << "channel " << channel << " voxel " << v;
      }
    }
  }
};

TEST_P(Convolutions, OurOwnLoopsAgreeWithTheReference) { check(&make_direct_convolution); }

INSTANTIATE_TEST_SUITE_P(
    Cases, Convolutions,
    testing::Values(ConvolutionCase{"first_layer", 1, 16, true, {5, 6, 19}, {3, 3, 3}, {1, 1, 1}},
                    ConvolutionCase{"three_plain_channels", 3, 8, true, {4, 4, 9}, {3, 3, 3}, {1, 1, 1}},
                    ConvolutionCase{"padded_channels", 5, 11, false, {3, 4, 10}, {3, 3, 3}, {1, 1, 1}},
                    ConvolutionCase{"stride_two", 16, 32, false, {6, 8, 22}, {3, 3, 3}, {2, 2, 2}},
                    ConvolutionCase{"stride_two_odd_size", 16, 16, false, {5, 7, 11}, {3, 3, 3}, {2, 2, 2}},
                    ConvolutionCase{"flat_kernel", 16, 16, false, {3, 8, 8}, {1, 3, 3}, {1, 2, 2}},
                    ConvolutionCase{"stride_beyond_kernel", 8, 8, false, {6, 6, 9}, {3, 1, 3}, {2, 3, 3}},
                    ConvolutionCase{"projection", 5, 19, false, {3, 4, 10}, {1, 1, 1}, {1, 1, 1}},
                    ConvolutionCase{"slices", 16, 16, false, {1, 9, 21}, {1, 3, 3}, {1, 2, 2}},
                    ConvolutionCase{"one_voxel", 16, 16, false, {1, 1, 1}, {3, 3, 3}, {1, 1, 1}},
                    ConvolutionCase{"large_kernel", 8, 8, false, {4, 3, 6}, {5, 5, 7}, {2, 1, 2}}),
    [](const auto& test) { return test.param.name; });

TEST(SpreadConvolution, LeavesZerosBetweenTheParts) {
  // Two parts of one channel in blocks of 8, two taps: inputs lie at channels 0 and 8.
  const NamedTensor weight{{1, 2, 1, 1, 2}, {1, 2, 3, 4}}, bias{{1}, {5}};
  const SpreadLayer layer = spread_convolution(weight, bias, {{1, 1}, 8}, 8);
  ASSERT_EQ(layer.weight.size(), 8u * 16 * 2);
  EXPECT_EQ(layer.weight[0], 1);
  EXPECT_EQ(layer.weight[1], 2);
  EXPECT_EQ(layer.weight[16], 3);
  EXPECT_EQ(layer.weight[17], 4);
  EXPECT_EQ(std::count(layer.weight.begin(), layer.weight.end(), 0.0f), 8 * 16 * 2 - 4);
  EXPECT_EQ(layer.bias, (std::vector<float>{5, 0, 0, 0, 0, 0, 0, 0}));
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

TEST(AveragePooling, TakesTheMeanOfEachBox) {
  // Two slices of 2 x 4: 1 2 3 4 / 5 6 7 8 and 9 10 11 12 / 13 14 15 16. Boxes of 1 x 2 x 2:
  // (1 + 2 + 5 + 6) / 4 = 3.5, ...; the last channel, in another block, is 100 c more.
  const std::int64_t channels = blocked_kernels().block + 3;
  std::vector<float> values(16);
  std::iota(values.begin(), values.end(), 1.0f);
  const AlignedFloats in = blocked_maps(values, channels);
  const std::int64_t last = channels - 1;
  const float more = 100 * static_cast<float>(last);
  AlignedFloats out = make_aligned(2 * blocked_kernels().block * 4);
  make_average_pooling({2, 2, 4}, channels, {1, 2, 2})(in.get(), out.get());
  EXPECT_THAT(channel_of(out, 4, 0), ElementsAre(3.5f, 5.5f, 11.5f, 13.5f));
  EXPECT_THAT(channel_of(out, 4, last), ElementsAre(more + 3.5f, more + 5.5f, more + 11.5f, more + 13.5f));
  EXPECT_THAT(channel_of(out, 4, channels), ElementsAre(0, 0, 0, 0)) << "a lane beyond the last channel";
  // Boxes of all but one voxel's width: 2 x 2 x 1, (1 + 5 + 9 + 13) / 4 = 7, ...
  make_average_pooling({2, 2, 4}, channels, {2, 2, 1})(in.get(), out.get());
  EXPECT_THAT(channel_of(out, 4, 0), ElementsAre(7, 8, 9, 10));
  EXPECT_THAT(channel_of(out, 4, last), ElementsAre(more + 7, more + 8, more + 9, more + 10));
}

TEST(MakeAligned, SaysWhenThereIsNoMemory) {
  try {
    make_aligned(std::int64_t{1} << 50);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kExhausted);
  }
}

}  // namespace
}  // namespace hepar::cpu
