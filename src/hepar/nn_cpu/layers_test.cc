// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn_cpu/layers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <ostream>

#include "hepar/core/error.h"
#include "hepar/core/random.h"
#include "hepar/nn_cpu/blocked_kernels.h"
#include "hepar/nn_reference/reference_layers.h"

namespace hepar::cpu {
namespace {

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
  // Compares the layer with the reference on random values; tolerance as in engine_conformance.h for one
  // layer.
  void check(Layer (*make)(const ConvolutionShape&, const SpreadLayer&)) {
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
    const ConvolutionShape shape{
        inputs.padded_count(), padded(c.out, block), in_block, block, c.size, c.kernel, c.stride};
    const Layer layer = make(shape, spread_convolution(weight, bias, inputs, block));
    if (!layer) {
      EXPECT_STREQ(std::getenv("DNNL_MAX_CPU_ISA"), "SSE41") << "oneDNN falls to its reference path";
      return;
    }
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
TEST_P(Convolutions, OneDnnAgreesAndIsNotItsReferencePath) { check(&make_onednn_convolution); }

INSTANTIATE_TEST_SUITE_P(
    Cases, Convolutions,
    testing::Values(ConvolutionCase{"first_layer", 1, 16, true, {5, 6, 19}, {3, 3, 3}, {1, 1, 1}},
                    ConvolutionCase{"three_plain_channels", 3, 8, true, {4, 4, 9}, {3, 3, 3}, {1, 1, 1}},
                    ConvolutionCase{"padded_channels", 5, 11, false, {3, 4, 10}, {3, 3, 3}, {1, 1, 1}},
                    ConvolutionCase{"stride_two", 16, 32, false, {6, 8, 22}, {3, 3, 3}, {2, 2, 2}},
                    ConvolutionCase{"stride_two_odd_size", 16, 16, false, {5, 7, 11}, {3, 3, 3}, {2, 2, 2}},
                    ConvolutionCase{"flat_kernel", 16, 16, false, {3, 8, 8}, {1, 3, 3}, {1, 2, 2}},
                    ConvolutionCase{"stride_beyond_kernel", 8, 8, false, {6, 6, 9}, {3, 1, 3}, {2, 3, 3}},
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
  make_norm({voxels, 1e-5, 0.01}, weight, bias)(blocked.get());
  reference::normalise_and_activate(maps, {weight, bias}, 1e-5, 0.01);
  for (std::int64_t v = 0; v < voxels; ++v) {
    for (std::int64_t channel = 0; channel < block; ++channel) {
      const double right = channel < 2 ? maps.values[static_cast<std::size_t>(channel * voxels + v)] : 0;
      // x * scale + shift with both terms near 3000: 3000 * 2^-24 = 2e-4 at most twice.
      ASSERT_NEAR(blocked[static_cast<std::size_t>(v * block + channel)], right, 4e-4);
    }
  }
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
