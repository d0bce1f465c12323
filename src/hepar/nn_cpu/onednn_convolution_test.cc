// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn_cpu/onednn_convolution.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <ostream>

#include "hepar/core/random.h"
#include "hepar/cpu_kernels/instruction_set.h"
#include "hepar/nn_cpu/spread_convolution.h"
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
class OneDnnConvolution : public testing::TestWithParam<ConvolutionCase> {};

// Compares the layer with the reference on random values; tolerance as in test_engine_conformance.h for one
// layer.
TEST_P(OneDnnConvolution, AgreesWithPlainLoopsAndIsNotItsReferencePath) {
  const ConvolutionCase& c = GetParam();
  const std::int64_t block = channel_block(), in_block = c.plain ? 1 : block;
  const NamedTensor weight{{c.out, c.in, c.kernel[0], c.kernel[1], c.kernel[2]},
                           random_values(c.out * c.in * voxels_of(c.kernel), 1)};
  const NamedTensor bias{{c.out}, random_values(c.out, 2)};
  const auto values = random_values(c.in * voxels_of(c.size), 3);
  reference::Maps maps({1, c.in, c.size[0], c.size[1], c.size[2]});
  maps.values.assign(values.begin(), values.end());
  const reference::Maps wanted = reference::convolve(maps, {weight, bias}, c.stride);

  const InputParts inputs{{c.in}, in_block};
  const ConvolutionShape shape{inputs.padded_count(), padded(c.out, block), c.size, c.kernel, c.stride};
  const SpreadLayer spread = spread_convolution(weight, bias, inputs, block);
  const auto layer = make_onednn_convolution(shape, {spread.weight, spread.bias}, c.plain);
  ASSERT_TRUE(layer) << "oneDNN falls to its reference path";
  const AlignedFloats in = make_aligned(shape.in_channels * voxels_of(c.size));
  c.plain ? void(std::copy(values.begin(), values.end(), in.get())) : block_channels(values, c.in, in.get());
  const std::int64_t voxels = voxels_of(shape.out());
  const AlignedFloats out = make_aligned(shape.out_channels * voxels);
  std::fill_n(out.get(), shape.out_channels * voxels, NAN);
  const MapsPart part{in.get(), shape.in_channels, 0, c.size[0]};
  layer->run({&part, 1}, out.get(), {0, shape.out()[0]});
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

INSTANTIATE_TEST_SUITE_P(
    Cases, OneDnnConvolution,
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

}  // namespace
}  // namespace hepar::cpu
