// SPDX-License-Identifier: Apache-2.0
#include "hepar/cpu_kernels/direct_convolution.h"

#include <gtest/gtest.h>

#include <ostream>
#include <string>

#include "hepar/core/error.h"
#include "hepar/cpu_kernels/test_maps.h"
#include "hepar/nn_reference/reference_layers.h"

namespace hepar::cpu {
namespace {

struct Case {
  std::string name;
  std::vector<std::int64_t> in;  // channels of each part
  std::int64_t out;
  Size3 size, kernel, stride;
  bool plain = false;
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

// A layer with random weights and inputs, and what plain loops in double make of it. The lanes beyond a
// part's last channel take weights of zero.
class Direct : public testing::TestWithParam<Case> {
 protected:
  Direct() {
    const std::int64_t taps = voxels_of(case_.kernel), lanes = case_.plain ? 1 : channel_block();
    std::int64_t channels = 0, wide = 0;
    for (const auto part : case_.in) channels += part, wide += padded(part, lanes);
    shape_ = {wide, padded(case_.out, channel_block()), case_.size, case_.kernel, case_.stride};
    weight_ = {
        {case_.out, channels, case_.kernel[0], case_.kernel[1], case_.kernel[2]},
        random_values(case_.out * channels * taps, 1, 1 / std::sqrt(static_cast<double>(channels * taps)))};
    bias_ = {{case_.out}, random_values(case_.out, 2)};
    plain_ = random_values(channels * voxels_of(case_.size), 3);
    const std::vector<float> spread = spread_weights(lanes, channels, wide);
    std::vector<float> bias = bias_.values;
    bias.resize(static_cast<std::size_t>(shape_.out_channels), 0.0f);
    convolution_ = (case_.plain ? make_first : make_direct)(shape_, {spread, bias});
  }

  std::int64_t planes() const { return shape_.out()[0]; }

  // Each range takes parts that hold the input planes it needs and no more.
  std::vector<float> run(const std::vector<PlaneRange>& ranges) const {
    const std::int64_t voxels = voxels_of(shape_.out());
    const AlignedFloats out = unset(shape_.out_channels * voxels);
    for (const PlaneRange& range : ranges) {
      const std::int64_t pad = case_.kernel[0] / 2, step = case_.stride[0];
      const std::int64_t first = std::max<std::int64_t>(0, range.begin * step - pad);
      const std::int64_t end = std::min(case_.size[0], (range.end - 1) * step - pad + case_.kernel[0]);
      run_on_planes(first, end, range, out.get());
    }
    return unblocked(out.get(), shape_.out_channels, voxels);
  }

  std::vector<double> wanted() const {
    reference::Maps maps({1, weight_.shape[1], case_.size[0], case_.size[1], case_.size[2]});
    maps.values.assign(plain_.begin(), plain_.end());
    auto values = reference::convolve(maps, {weight_, bias_}, case_.stride).values;
    values.resize(static_cast<std::size_t>(shape_.out_channels * voxels_of(shape_.out())), 0.0);
    return values;
  }

  void run_on_planes(std::int64_t first, std::int64_t end, const PlaneRange& range, float* out) const {
    const std::int64_t area = case_.size[1] * case_.size[2];
    std::vector<AlignedFloats> memory;
    std::vector<MapsPart> parts;
    std::int64_t channel = 0;
    for (const auto channels : case_.in) {
      std::vector<float> planes;
      for (std::int64_t c = channel; c < channel + channels; ++c)
        planes.insert(planes.end(), plain_.begin() + (c * case_.size[0] + first) * area,
                      plain_.begin() + (c * case_.size[0] + end) * area);
      channel += channels;
      memory.push_back(case_.plain ? make_aligned(static_cast<std::int64_t>(planes.size()))
                                   : blocked(planes, channels));
      if (case_.plain) std::copy(planes.begin(), planes.end(), memory.back().get());
      const std::int64_t lanes = case_.plain ? 1 : channel_block();
      parts.push_back({memory.back().get(), padded(channels, lanes), first, end - first});
    }
    convolution_->run(parts, out, range);
  }

 private:
  std::vector<float> spread_weights(std::int64_t lanes, std::int64_t channels, std::int64_t wide) const {
    const std::int64_t taps = voxels_of(case_.kernel);
    std::vector<float> spread(static_cast<std::size_t>(shape_.out_channels * wide * taps), 0.0f);
    for (std::int64_t o = 0; o < case_.out; ++o) {
      auto source = weight_.values.begin() + o * channels * taps;
      auto target = spread.begin() + o * wide * taps;
      for (const auto part : case_.in) {
        std::copy_n(source, part * taps, target);
        source += part * taps;
        target += padded(part, lanes) * taps;
      }
    }
    return spread;
  }

 protected:
  Case case_ = GetParam();
  ConvolutionShape shape_;
  NamedTensor weight_, bias_;
  std::vector<float> plain_;
  std::unique_ptr<Convolution> convolution_;
};

// Running sums stay below 8, where a step errs by at most 2.4e-7, 1.4e-7 in the root mean square; 8100 steps
// that err at random by 1.2e-5 at most. A wrong tap or border is seen at 1e-2.
TEST_P(Direct, AgreesWithPlainLoops) {
  const std::vector<double> right = wanted();
  const std::vector<float> got = run({{0, planes()}});
  ASSERT_EQ(got.size(), right.size());
  for (std::size_t n = 0; n < got.size(); ++n) ASSERT_NEAR(got[n], right[n], 2e-5) << "value " << n;
}

TEST_P(Direct, GivesTheSameBytesInRangesAndOnThreads) {
  std::vector<PlaneRange> singles, triples;
  for (std::int64_t d = 0; d < planes(); ++d) singles.push_back({d, d + 1});
  for (std::int64_t d = 0; d < planes(); d += 3) triples.push_back({d, std::min(d + 3, planes())});
  const auto whole = with_threads([&] { return run({{0, planes()}}); });
  for (const auto& result : whole) EXPECT_EQ(result, whole[0]);
  for (const auto& result : with_threads([&] { return run(singles); })) EXPECT_EQ(result, whole[0]);
  EXPECT_EQ(run(triples), whole[0]);
}

INSTANTIATE_TEST_SUITE_P(
    Cases, Direct,
    testing::Values(Case{"cube", {16}, 32, {6, 7, 13}, {3, 3, 3}, {1, 1, 1}},
                    Case{"more_rows_than_a_box", {8}, 8, {3, 20, 40}, {3, 3, 3}, {1, 1, 1}},
                    Case{"odd_channels", {5}, 11, {3, 4, 10}, {3, 3, 3}, {1, 1, 1}},
                    Case{"two_parts", {8, 16}, 16, {5, 4, 9}, {3, 3, 3}, {1, 1, 1}},
                    Case{"three_odd_parts", {3, 9, 17}, 24, {4, 3, 6}, {3, 3, 3}, {1, 1, 1}},
                    Case{"stride_two", {16}, 32, {6, 8, 22}, {3, 3, 3}, {2, 2, 2}},
                    Case{"stride_two_of_odd_sizes", {16}, 16, {5, 7, 11}, {3, 3, 3}, {2, 2, 2}},
                    Case{"flat", {16}, 16, {3, 8, 8}, {1, 3, 3}, {1, 2, 2}},
                    Case{"five_one_three", {8}, 16, {7, 5, 9}, {5, 1, 3}, {1, 1, 1}},
                    Case{"kernel_beyond_the_input", {8}, 8, {2, 3, 2}, {5, 5, 7}, {1, 1, 1}},
                    Case{"large_kernel", {8}, 8, {4, 3, 6}, {5, 5, 7}, {2, 1, 2}},
                    Case{"stride_beyond_kernel", {8}, 8, {6, 6, 17}, {3, 1, 1}, {2, 3, 3}},
                    Case{"single_taps", {5}, 19, {3, 4, 10}, {1, 1, 1}, {1, 1, 1}},
                    Case{"single_taps_spaced", {5}, 19, {3, 4, 10}, {1, 1, 1}, {2, 2, 2}},
                    Case{"four_cubed", {48}, 40, {4, 4, 4}, {3, 3, 3}, {1, 1, 1}},
                    Case{"two_cubed", {300}, 48, {2, 2, 2}, {3, 3, 3}, {1, 1, 1}},
                    Case{"to_two_cubed", {48}, 48, {4, 4, 4}, {3, 3, 3}, {2, 2, 2}},
                    Case{"one_voxel", {16}, 16, {1, 1, 1}, {3, 3, 3}, {1, 1, 1}},
                    Case{"a_column", {8}, 8, {9, 1, 1}, {3, 3, 3}, {1, 1, 1}},
                    Case{"a_line", {8}, 8, {1, 1, 300}, {3, 3, 3}, {1, 1, 1}},
                    Case{"long_narrow_planes", {8}, 8, {2, 300, 3}, {3, 3, 3}, {1, 1, 1}},
                    Case{"a_slice", {8}, 8, {1, 9, 21}, {3, 3, 3}, {1, 1, 1}}),
    [](const auto& test) { return test.param.name; });

INSTANTIATE_TEST_SUITE_P(
    FirstLayers, Direct,
    testing::Values(Case{"one_channel", {1}, 32, {5, 6, 19}, {3, 3, 3}, {1, 1, 1}, true},
                    Case{"seven_channels", {7}, 8, {4, 4, 9}, {3, 3, 3}, {1, 1, 1}, true},
                    Case{"parts_of_two_and_one", {2, 1}, 11, {4, 5, 9}, {3, 3, 3}, {1, 1, 1}, true},
                    Case{"flat_first", {1}, 16, {4, 9, 30}, {1, 3, 3}, {1, 1, 1}, true},
                    Case{"wide_kernel", {2}, 8, {4, 5, 12}, {3, 3, 5}, {1, 1, 1}, true},
                    Case{"strided", {1}, 16, {5, 6, 18}, {3, 3, 3}, {2, 2, 2}, true},
                    Case{"narrow", {3}, 16, {5, 6, 2}, {3, 3, 3}, {1, 1, 1}, true},
                    Case{"a_voxel", {1}, 8, {1, 1, 1}, {3, 3, 3}, {1, 1, 1}, true}),
    [](const auto& test) { return test.param.name; });

TEST(DirectContract, IsHeldByTheCaller) {
  const std::int64_t block = channel_block();
  const ConvolutionShape shape{block, block, {4, 2, 5}, {3, 3, 3}, {1, 1, 1}};
  const std::vector<float> weight(static_cast<std::size_t>(block * block * 27)),
      bias(static_cast<std::size_t>(block));
  EXPECT_THROW(make_direct(shape, {std::span(weight).first(27), bias}), Error);
  const auto convolution = make_direct(shape, {weight, bias});
  const AlignedFloats in = make_aligned(2 * block * 40), out = make_aligned(block * 40);
  const MapsPart whole{in.get(), block, 0, 4}, short_of_a_plane{in.get(), block, 0, 2},
      wide{in.get(), 2 * block, 0, 4};
  EXPECT_NO_THROW(convolution->run({&whole, 1}, out.get(), {0, 4}));
  EXPECT_NO_THROW(convolution->run({&short_of_a_plane, 1}, out.get(), {0, 1}));
  EXPECT_THROW(convolution->run({&short_of_a_plane, 1}, out.get(), {0, 2}), Error);
  EXPECT_THROW(convolution->run({&wide, 1}, out.get(), {0, 4}), Error);
  EXPECT_THROW(convolution->run({&whole, 1}, out.get(), {0, 5}), Error);
}

}  // namespace
}  // namespace hepar::cpu
