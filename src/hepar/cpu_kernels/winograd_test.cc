// SPDX-License-Identifier: Apache-2.0
#include "hepar/cpu_kernels/winograd.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <ostream>
#include <string>
#include <vector>

#include "hepar/core/parallel.h"
#include "hepar/core/test_error.h"
#include "hepar/cpu_kernels/instruction_set.h"
#include "hepar/cpu_kernels/test_maps.h"
#include "hepar/nn_reference/reference_layers.h"

namespace hepar::cpu {
namespace {

constexpr TileRule kSingle = TileRule::kSingle, kF2 = TileRule::kF2, kF4 = TileRule::kF4,
                   kStrided = TileRule::kStrided;

struct Case {
  std::string name;
  TileRules rules;
  Size3 in, kernel, stride;
  std::int64_t in_channels, out_channels;
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

// A layer with random weights in whole blocks and what plain loops in double make of it.
class Layer {
 public:
  explicit Layer(const Case& c)
      : shape_{padded(c.in_channels, channel_block()), padded(c.out_channels, channel_block()), c.in,
               c.kernel, c.stride} {
    const std::int64_t taps = voxels_of(c.kernel);
    weight_ = random_values(shape_.out_channels * shape_.in_channels * taps, 1,
                            std::sqrt(1.0 / static_cast<double>(c.in_channels * taps)));
    bias_ = random_values(shape_.out_channels, 2);
    plain_ = random_values(shape_.in_channels * voxels_of(c.in), 3);
    in_ = make_aligned(shape_.in_channels * voxels_of(c.in));
    block_channels(plain_, shape_.in_channels, in_.get());
  }

  const ConvolutionShape& shape() const { return shape_; }
  const float* in() const { return in_.get(); }
  std::unique_ptr<Convolution> make(const TileRules& rules, std::int64_t group) const {
    return make_winograd(shape_, rules, {weight_, bias_}, group);
  }

  std::vector<float> run(const Convolution& convolution, const std::vector<PlaneRange>& ranges) const {
    const MapsPart part{in_.get(), shape_.in_channels, 0, shape_.in[0]};
    const std::int64_t count = shape_.out_channels * voxels_of(shape_.out());
    const AlignedFloats out = make_aligned(count);
    std::fill_n(out.get(), count, NAN);
    for (const PlaneRange& range : ranges) convolution.run({&part, 1}, out.get(), range);
    std::vector<float> plain(static_cast<std::size_t>(count));
    unblock_channels(out.get(), shape_.out_channels, plain);
    return plain;
  }

  std::vector<double> wanted() const {
    reference::Maps maps({1, shape_.in_channels, shape_.in[0], shape_.in[1], shape_.in[2]});
    maps.values.assign(plain_.begin(), plain_.end());
    const NamedTensor weight{
        {shape_.out_channels, shape_.in_channels, shape_.kernel[0], shape_.kernel[1], shape_.kernel[2]},
        weight_};
    return reference::convolve(maps, {weight, {{shape_.out_channels}, bias_}}, shape_.stride).values;
  }

 private:
  ConvolutionShape shape_;
  std::vector<float> weight_, bias_, plain_;
  AlignedFloats in_;
};

class Winograd : public testing::TestWithParam<Case> {};

// Inputs and outputs have a size near 1. F(2,3) rounds as a direct sum, some 1e-7 times the square root of
// the number of steps; F(4,3) in three axes was measured at 1.1e-6 in the mean and 1e-5 at worst on such
// layers (pts in the text of winograd_kernels.cc). A wrong point or border is seen at 1e-2.
TEST_P(Winograd, AgreesWithPlainLoops) {
  const Layer layer(GetParam());
  const std::vector<double> wanted = layer.wanted();
  const bool f4 = std::find(GetParam().rules.begin(), GetParam().rules.end(), kF4) != GetParam().rules.end();
  for (const std::int64_t group : {1, 5, 1000}) {
    const auto got = layer.run(*layer.make(GetParam().rules, group), {{0, layer.shape().out()[0]}});
    ASSERT_EQ(got.size(), wanted.size());
    for (std::size_t n = 0; n < got.size(); ++n)
      ASSERT_NEAR(got[n], wanted[n], f4 ? 5e-5 : 5e-6) << "value " << n << " in groups of " << group;
  }
}

TEST_P(Winograd, GivesTheSameBytesInRangesAndOnThreads) {
  const Layer layer(GetParam());
  const std::int64_t planes = layer.shape().out()[0], before = thread_count();
  const auto convolution = layer.make(GetParam().rules, 7);
  set_thread_count(1);
  const auto whole = layer.run(*convolution, {{0, planes}});
  std::vector<PlaneRange> ranges;
  for (std::int64_t d = 0; d < planes; ++d) ranges.push_back({d, d + 1});
  EXPECT_EQ(layer.run(*convolution, ranges), whole);
  for (const int threads : {2, 3, 7, 16}) {
    set_thread_count(threads);
    EXPECT_EQ(layer.run(*convolution, {{0, planes}}), whole) << threads << " threads";
  }
  set_thread_count(static_cast<int>(before));
}

const Case kCases[] = {
    {"f2", {kF2, kF2, kF2}, {6, 8, 10}, {3, 3, 3}, {1, 1, 1}, 16, 32},
    {"f4", {kF4, kF4, kF4}, {8, 12, 28}, {3, 3, 3}, {1, 1, 1}, 16, 16},
    {"f4_odd_sizes", {kF4, kF4, kF4}, {5, 7, 9}, {3, 3, 3}, {1, 1, 1}, 24, 40},
    {"f2_odd_sizes", {kF2, kF2, kF2}, {5, 7, 9}, {3, 3, 3}, {1, 1, 1}, 3, 8},
    {"mixed", {kF2, kF4, kF2}, {6, 9, 11}, {3, 3, 3}, {1, 1, 1}, 8, 24},
    {"one_voxel", {kF2, kF4, kF2}, {1, 1, 1}, {3, 3, 3}, {1, 1, 1}, 8, 8},
    {"one_plane", {kF4, kF4, kF4}, {1, 6, 17}, {3, 3, 3}, {1, 1, 1}, 8, 16},
    {"flat_kernel", {kSingle, kF4, kF4}, {3, 9, 12}, {1, 3, 3}, {1, 1, 1}, 16, 16},
    {"slices", {kSingle, kStrided, kStrided}, {1, 9, 21}, {1, 3, 3}, {1, 2, 2}, 16, 16},
    {"strided", {kStrided, kStrided, kStrided}, {8, 8, 12}, {3, 3, 3}, {2, 2, 2}, 16, 32},
    {"strided_odd_sizes", {kStrided, kStrided, kStrided}, {5, 7, 11}, {3, 3, 3}, {2, 2, 2}, 8, 24},
    {"strided_in_plane", {kF2, kStrided, kStrided}, {5, 8, 10}, {3, 3, 3}, {1, 2, 2}, 8, 16},
    {"f2_two_voxels", {kF2, kF2, kF2}, {1, 1, 2}, {3, 3, 3}, {1, 1, 1}, 24, 8},
    {"f4_two_voxels", {kF4, kF4, kF4}, {1, 1, 2}, {3, 3, 3}, {1, 1, 1}, 8, 24},
    {"strided_two_voxels", {kStrided, kStrided, kStrided}, {1, 1, 2}, {3, 3, 3}, {2, 2, 2}, 24, 8},
    {"f2_narrow", {kF2, kF2, kF2}, {2, 3, 1}, {3, 3, 3}, {1, 1, 1}, 8, 48},
    {"f4_narrow", {kF4, kF4, kF4}, {2, 3, 1}, {3, 3, 3}, {1, 1, 1}, 48, 8},
    {"strided_narrow", {kStrided, kStrided, kStrided}, {2, 3, 1}, {3, 3, 3}, {2, 2, 2}, 8, 48},
    {"f2_long_rows", {kF2, kF2, kF2}, {3, 5, 17}, {3, 3, 3}, {1, 1, 1}, 8, 8},
    {"f4_one_block", {kF4, kF4, kF4}, {3, 5, 17}, {3, 3, 3}, {1, 1, 1}, 8, 8},
    {"f4_three_blocks", {kF4, kF4, kF4}, {3, 5, 17}, {3, 3, 3}, {1, 1, 1}, 24, 24},
    {"strided_one_block", {kStrided, kStrided, kStrided}, {3, 5, 17}, {3, 3, 3}, {2, 2, 2}, 8, 8},
    {"strided_three_blocks", {kStrided, kStrided, kStrided}, {3, 5, 17}, {3, 3, 3}, {2, 2, 2}, 24, 24},
    {"projection", {kSingle, kSingle, kSingle}, {3, 4, 5}, {1, 1, 1}, {1, 1, 1}, 8, 24},
};
INSTANTIATE_TEST_SUITE_P(Cases, Winograd, testing::ValuesIn(kCases),
                         [](const auto& test) { return test.param.name; });

// Two parts, the first of which holds no more planes than a range of the output needs.
struct PartsCase {
  std::string name;
  TileRule rule;
  std::int64_t stride;
  PlaneRange range;         // of the output
  PlaneRange needed;        // of the input, of 12 planes
  PlaneRange part_of_tile;  // of the output
};
void PrintTo(const PartsCase& c, std::ostream* out) { *out << c.name; }

class WinogradParts : public testing::TestWithParam<PartsCase> {
 protected:
  static constexpr std::int64_t kPlanes = 12, kPlaneVoxels = 6 * 6;

  std::int64_t half() const { return layer_.shape().in_channels / 2; }
  // Of the first half of the channels some planes only.
  std::vector<float> copy_of(const PlaneRange& planes) const {
    const std::int64_t plane = kPlaneVoxels * channel_block();
    std::vector<float> copy;
    for (std::int64_t block = 0; block < half() / channel_block(); ++block)
      copy.insert(copy.end(), layer_.in() + (block * kPlanes + planes.begin) * plane,
                  layer_.in() + (block * kPlanes + planes.end) * plane);
    return copy;
  }
  MapsPart second_half() const { return {layer_.in() + half() * kPlanes * kPlaneVoxels, half(), 0, kPlanes}; }
  AlignedFloats output() const {
    return unset(layer_.shape().out_channels * voxels_of(layer_.shape().out()));
  }

  const PartsCase& case_ = GetParam();
  const Layer layer_{{"",
                      {case_.rule, case_.rule, case_.rule},
                      {kPlanes, 6, 6},
                      {3, 3, 3},
                      {case_.stride, case_.stride, case_.stride},
                      32,
                      16}};
  const std::unique_ptr<Convolution> convolution_ = layer_.make({case_.rule, case_.rule, case_.rule}, 8);
};

TEST_P(WinogradParts, MayHoldSomePlanesOnly) {
  const std::vector<float> few = copy_of(case_.needed);
  const MapsPart parts[] = {{few.data(), half(), case_.needed.begin, case_.needed.end - case_.needed.begin},
                            second_half()};
  const AlignedFloats out = output();
  convolution_->run(parts, out.get(), case_.range);
  const Size3 size = layer_.shape().out();
  const std::vector<float> got = unblocked(out.get(), layer_.shape().out_channels, voxels_of(size));
  const std::vector<float> whole = layer_.run(*convolution_, {{0, size[0]}});
  const std::int64_t plane = size[1] * size[2];
  for (std::int64_t channel = 0; channel < layer_.shape().out_channels; ++channel)
    for (std::int64_t n = case_.range.begin * plane; n < case_.range.end * plane; ++n) {
      const auto at = static_cast<std::size_t>(channel * voxels_of(size) + n);
      ASSERT_EQ(got[at], whole[at]) << channel << " " << n;
    }
}

TEST_P(WinogradParts, LackNoPlaneThatIsNeeded) {
  const AlignedFloats out = output();
  for (const PlaneRange& few : {PlaneRange{case_.needed.begin + 1, case_.needed.end},
                                PlaneRange{case_.needed.begin, case_.needed.end - 1}}) {
    const std::vector<float> maps = copy_of(few);
    const MapsPart parts[] = {{maps.data(), half(), few.begin, few.end - few.begin}, second_half()};
    error_of(ErrorCode::kInternal, [&] { convolution_->run(parts, out.get(), case_.range); });
  }
}

TEST_P(WinogradParts, HaveAllChannelsTogether) {
  const AlignedFloats out = output();
  const MapsPart half_only[] = {second_half()};
  error_of(ErrorCode::kInternal, [&] { convolution_->run(half_only, out.get(), case_.range); });
  const MapsPart too_many[] = {second_half(), second_half(), second_half()};
  error_of(ErrorCode::kInternal, [&] { convolution_->run(too_many, out.get(), case_.range); });
  MapsPart broken = second_half();
  broken.channels -= 1;
  const MapsPart broken_parts[] = {broken, second_half()};
  error_of(ErrorCode::kInternal, [&] { convolution_->run(broken_parts, out.get(), case_.range); });
}

TEST_P(WinogradParts, HaveNoMomentsOfPartsOfTiles) {
  const AlignedFloats out = output();
  const MapsPart whole{layer_.in(), layer_.shape().in_channels, 0, kPlanes};
  std::vector<double> moments(static_cast<std::size_t>(12 * 6 * 6 * 2 * layer_.shape().out_channels));
  const auto run = [&](const PlaneRange& range) {
    convolution_->run({&whole, 1}, out.get(), range, moments.data());
  };
  EXPECT_NO_THROW(run(case_.range));
  error_of(ErrorCode::kInternal, [&] { run({case_.part_of_tile.begin, case_.range.end}); });
  error_of(ErrorCode::kInternal, [&] { run({case_.range.begin, case_.part_of_tile.end}); });
  error_of(ErrorCode::kInternal, [&] { run({0, layer_.shape().out()[0] + 1}); });
}

// F(4,3): outputs 4 to 7 are one tile, of inputs 3 to 8. By strides of 2, outputs 2 and 3 are one, of inputs
// 3 to 7.
const PartsCase kPartsCases[] = {{"f2", kF2, 1, {2, 4}, {1, 5}, {3, 3}},
                                 {"f4", kF4, 1, {4, 8}, {3, 9}, {5, 7}},
                                 {"strided", kStrided, 2, {2, 4}, {3, 8}, {3, 3}}};
INSTANTIATE_TEST_SUITE_P(Cases, WinogradParts, testing::ValuesIn(kPartsCases),
                         [](const auto& test) { return test.param.name; });

TEST(WinogradContract, TakesWholeBlocksAndItsOwnWeights) {
  const std::int64_t lanes = channel_block();
  const std::vector<float> weight(static_cast<std::size_t>(lanes * lanes * 27)),
      bias(static_cast<std::size_t>(lanes));
  const ConvolutionShape shape{lanes, lanes, {4, 4, 4}, {3, 3, 3}, {1, 1, 1}};
  const TileRules rules{kF2, kF2, kF2};
  EXPECT_NO_THROW(make_winograd(shape, rules, {weight, bias}, 1));
  ConvolutionShape broken = shape;
  broken.in_channels = lanes - 1;
  error_of(ErrorCode::kInternal, [&] { make_winograd(broken, rules, {{}, bias}, 1); });
  const std::span<const float> one_short(weight.data(), weight.size() - 1);
  error_of(ErrorCode::kInternal, [&] { make_winograd(shape, rules, {one_short, bias}, 1); });
  error_of(ErrorCode::kInternal, [&] { make_winograd(shape, rules, {weight, {}}, 1); });
  error_of(ErrorCode::kInternal, [&] { make_winograd(shape, rules, {weight, bias}, 0); });
  error_of(ErrorCode::kInternal, [&] { make_winograd(shape, {kF2, kStrided, kF2}, {weight, bias}, 1); });
}

// Inputs normed on the way equal inputs normed before; beyond the map there are zeros, not norms of zeros.
TEST(WinogradNorm, IsAsThatOfTheMapsThemselves) {
  const Layer layer({"", {kF4, kF4, kF2}, {5, 7, 9}, {3, 3, 3}, {1, 1, 1}, 16, 16});
  const std::int64_t lanes = channel_block(), blocks = layer.shape().in_channels / lanes, voxels = 5 * 7 * 9;
  std::vector<float> factors = random_values(blocks * 3 * lanes, 7);
  std::vector<float> normed(layer.in(), layer.in() + blocks * voxels * lanes);
  for (std::int64_t n = 0; n < blocks * voxels * lanes; ++n) {
    const float* own = factors.data() + n / (voxels * lanes) * 3 * lanes + n % lanes;
    float& value = normed[static_cast<std::size_t>(n)];
    value = (value - own[0]) * own[lanes] + own[2 * lanes];
    if (value < 0) value *= 0.25f;
  }
  const auto convolution = layer.make({kF4, kF4, kF2}, 8);
  ASSERT_TRUE(convolution->takes_norm());
  const std::int64_t count = layer.shape().out_channels * voxels;
  const AlignedFloats wanted = make_aligned(count), got = make_aligned(count);
  const MapsPart before{normed.data(), layer.shape().in_channels, 0, 5};
  const MapsPart on_the_way{layer.in(), layer.shape().in_channels, 0, 5, {factors.data(), 0.25f}};
  convolution->run({&before, 1}, wanted.get(), {0, 5});
  convolution->run({&on_the_way, 1}, got.get(), {0, 5});
  for (std::int64_t n = 0; n < count; ++n)
    ASSERT_NEAR(got[static_cast<std::size_t>(n)], wanted[static_cast<std::size_t>(n)], 1e-5) << n;
}

TEST(WinogradRules, FitTheirKernelsAndStrides) {
  EXPECT_TRUE(fits(kF4, 3, 1));
  EXPECT_TRUE(fits(kStrided, 3, 2));
  EXPECT_TRUE(fits(kSingle, 1, 1));
  EXPECT_FALSE(fits(kF4, 3, 2));
  EXPECT_FALSE(fits(kF2, 5, 1));
  EXPECT_FALSE(fits(kStrided, 3, 3));
  EXPECT_FALSE(fits(kSingle, 1, 2));
}

}  // namespace
}  // namespace hepar::cpu
