// SPDX-License-Identifier: Apache-2.0
// Gradients against plain loops in double: the sums that define them, term by term.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <vector>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/core/random.h"
#include "hepar/cpu_kernels/backward_data.h"
#include "hepar/cpu_kernels/backward_weights.h"
#include "hepar/cpu_kernels/instruction_set.h"
#include "hepar/cpu_kernels/training_rules.h"
#include "hepar/cpu_kernels/upsampling_gradient.h"

namespace hepar::cpu {
namespace {

std::vector<float> random_values(std::int64_t count, std::uint64_t seed) {
  std::vector<float> values(static_cast<std::size_t>(count));
  Random random(seed);
  for (float& value : values) value = static_cast<float>(random.normal());
  return values;
}

// Where a channel's voxel lies in blocks.
std::size_t at(const Size3& size, std::int64_t channel, const Size3& v) {
  const std::int64_t lanes = channel_block();
  const std::int64_t voxel = (v[0] * size[1] + v[1]) * size[2] + v[2];
  return static_cast<std::size_t>((channel / lanes * voxels_of(size) + voxel) * lanes + channel % lanes);
}

void for_each(const Size3& size, const std::function<void(const Size3&)>& visit) {
  for (std::int64_t d = 0; d < size[0]; ++d)
    for (std::int64_t h = 0; h < size[1]; ++h)
      for (std::int64_t w = 0; w < size[2]; ++w) visit({d, h, w});
}

std::size_t tap_of(const Size3& kernel, const Size3& k) {
  return static_cast<std::size_t>((k[0] * kernel[1] + k[1]) * kernel[2] + k[2]);
}

// Calls term(output voxel, input voxel, tap) for each product of a convolution.
void for_terms(const ConvolutionShape& shape,
               const std::function<void(const Size3&, const Size3&, std::size_t)>& term) {
  for_each(shape.out(), [&](const Size3& o) {
    for_each(shape.kernel, [&](const Size3& k) {
      Size3 i;
      for (std::size_t axis = 0; axis < 3; ++axis) {
        i[axis] = o[axis] * shape.stride[axis] + k[axis] - (shape.kernel[axis] - 1) / 2;
        if (i[axis] < 0 || i[axis] >= shape.in[axis]) return;
      }
      term(o, i, tap_of(shape.kernel, k));
    });
  });
}

void expect_near(const std::vector<float>& got, const std::vector<double>& wanted) {
  double largest = 0;
  for (const double value : wanted) largest = std::max(largest, std::abs(value));
  ASSERT_EQ(got.size(), wanted.size());
  // float32 has 6e-8; sums of some thousand terms, and transforms that add up to eight of them.
  for (std::size_t n = 0; n < got.size(); ++n)
    ASSERT_NEAR(static_cast<double>(got[n]), wanted[n], 3e-6 * largest) << n;
}

struct Case {
  const char* name;
  std::int64_t in_blocks, out_blocks;
  Size3 in, kernel, stride;
};

class ConvolutionGradients : public ::testing::TestWithParam<Case> {
 protected:
  ConvolutionGradients()
      : shape_{GetParam().in_blocks * channel_block(), GetParam().out_blocks * channel_block(), GetParam().in,
               GetParam().kernel, GetParam().stride} {}
  std::int64_t taps() const { return voxels_of(shape_.kernel); }
  std::size_t weight_at(std::int64_t o, std::int64_t i, std::size_t tap) const {
    return static_cast<std::size_t>((o * shape_.in_channels + i) * taps()) + tap;
  }
  ConvolutionShape shape_;
};

// An odd number, so that partial sums begin within a sample.
constexpr std::size_t kSamples = 3;

TEST_P(ConvolutionGradients, OfTheWeightAreTheSumsOfProducts) {
  const std::int64_t lanes = channel_block(),
                     first = std::max<std::int64_t>(1, GetParam().in_blocks - 1) * lanes;
  const std::int64_t in = shape_.in_channels * voxels_of(shape_.in);
  const std::int64_t out = shape_.out_channels * voxels_of(shape_.out());
  std::vector<std::vector<float>> maps, gradients;
  std::vector<std::vector<MapsPart>> parts;
  std::vector<GradientSample> samples;
  for (std::uint64_t n = 0; n < kSamples; ++n) {
    maps.push_back(random_values(in, 2 * n));
    gradients.push_back(random_values(out, 2 * n + 1));
  }
  for (std::size_t n = 0; n < kSamples; ++n) {  // the input in two parts where it has two blocks
    parts.push_back({{maps[n].data(), first, 0, shape_.in[0]}});
    if (first < shape_.in_channels)
      parts[n].push_back(
          {maps[n].data() + first * voxels_of(shape_.in), shape_.in_channels - first, 0, shape_.in[0]});
  }
  for (std::size_t n = 0; n < kSamples; ++n) samples.push_back({parts[n], gradients[n].data()});
  std::vector<double> wanted(static_cast<std::size_t>(shape_.out_channels * shape_.in_channels * taps()),
                             0.0);
  for (std::size_t n = 0; n < kSamples; ++n)
    for_terms(shape_, [&](const Size3& o, const Size3& i, std::size_t tap) {
      for (std::int64_t a = 0; a < shape_.out_channels; ++a)
        for (std::int64_t b = 0; b < shape_.in_channels; ++b)
          wanted[weight_at(a, b, tap)] += static_cast<double>(gradients[n][at(shape_.out(), a, o)]) *
                                          static_cast<double>(maps[n][at(shape_.in, b, i)]);
    });
  std::vector<float> got(wanted.size()), with_three(wanted.size());
  set_thread_count(1);
  weight_gradient(shape_, samples, got);
  expect_near(got, wanted);
  set_thread_count(3);
  weight_gradient(shape_, samples, with_three);
  EXPECT_EQ(got, with_three);
}

TEST_P(ConvolutionGradients, OfTheInputAreTheSumsOverTheTaps) {
  const auto weight = random_values(shape_.out_channels * shape_.in_channels * taps(), 1);
  const auto gradient = random_values(shape_.out_channels * voxels_of(shape_.out()), 2);
  std::vector<double> wanted(static_cast<std::size_t>(shape_.in_channels * voxels_of(shape_.in)), 0.0);
  for_terms(shape_, [&](const Size3& o, const Size3& i, std::size_t tap) {
    for (std::int64_t a = 0; a < shape_.out_channels; ++a)
      for (std::int64_t b = 0; b < shape_.in_channels; ++b)
        wanted[at(shape_.in, b, i)] += static_cast<double>(gradient[at(shape_.out(), a, o)]) *
                                       static_cast<double>(weight[weight_at(a, b, tap)]);
  });
  std::vector<float> got(wanted.size(), -1), with_three(wanted.size(), -1);
  set_thread_count(1);
  const DataGradient kernel(shape_, weight);
  kernel.run(gradient.data(), got.data());
  expect_near(got, wanted);
  set_thread_count(3);
  kernel.run(gradient.data(), with_three.data());
  EXPECT_EQ(got, with_three);
}

INSTANTIATE_TEST_SUITE_P(Shapes, ConvolutionGradients,
                         ::testing::Values(Case{"cube", 1, 2, {4, 6, 10}, {3, 3, 3}, {1, 1, 1}},
                                           Case{"odd_sizes", 3, 1, {3, 5, 7}, {3, 3, 3}, {1, 1, 1}},
                                           Case{"many_tiles", 1, 1, {16, 20, 18}, {3, 3, 3}, {1, 1, 1}},
                                           // 9 x 16 x 17 tiles of a sample in 14 partial sums of 524 or 525
                                           Case{"many_sums", 1, 1, {17, 31, 33}, {3, 3, 3}, {1, 1, 1}},
                                           // the most partial sums, 16, of 1575 tiles
                                           Case{"most_sums", 1, 1, {20, 21, 20}, {1, 1, 1}, {1, 1, 1}},
                                           Case{"slices", 2, 3, {2, 6, 9}, {1, 3, 3}, {1, 1, 1}},
                                           Case{"point", 2, 2, {2, 3, 5}, {1, 1, 1}, {1, 1, 1}},
                                           Case{"one_voxel", 1, 1, {1, 1, 1}, {3, 3, 3}, {1, 1, 1}},
                                           Case{"strided", 1, 2, {4, 8, 12}, {3, 3, 3}, {2, 2, 2}},
                                           Case{"strided_odd", 2, 1, {5, 7, 9}, {3, 3, 3}, {2, 2, 2}},
                                           Case{"strided_in_plane", 1, 1, {3, 6, 10}, {1, 3, 3}, {1, 2, 2}},
                                           Case{"mixed", 1, 1, {3, 6, 10}, {3, 3, 3}, {1, 2, 2}}),
                         [](const auto& test) { return test.param.name; });

TEST(WeightGradient, HasNoRulesForOtherKernels) {
  EXPECT_TRUE(has_training_rules({1, 3, 3}, {1, 2, 2}));
  EXPECT_FALSE(has_training_rules({5, 3, 3}, {1, 1, 1}));
  EXPECT_FALSE(has_training_rules({3, 3, 3}, {1, 3, 1}));
  EXPECT_FALSE(has_training_rules({1, 1, 1}, {2, 1, 1}));
  EXPECT_THROW(training_rules({5, 3, 3}, {1, 1, 1}), Error);
}

TEST(WeightGradient, WantsAllPlanesAndChannels) {
  const std::int64_t lanes = channel_block();
  const ConvolutionShape shape{lanes, lanes, {2, 2, 2}, {3, 3, 3}, {1, 1, 1}};
  const std::vector<float> maps(static_cast<std::size_t>(8 * lanes));
  std::vector<float> gradient(static_cast<std::size_t>(lanes * lanes * 27));
  const MapsPart one_plane{maps.data(), lanes, 1, 1};
  const GradientSample sample{{&one_plane, 1}, maps.data()};
  EXPECT_THROW(weight_gradient(shape, {&sample, 1}, gradient), Error);
  const GradientSample empty{{}, maps.data()};
  EXPECT_THROW(weight_gradient(shape, {&empty, 1}, gradient), Error);
}

class UpsamplingGradients : public ::testing::Test {
 protected:
  static constexpr std::size_t kCount = 2;
  std::size_t weight_at(std::int64_t i, std::int64_t o, std::size_t tap) const {
    return static_cast<std::size_t>((i * shape_.out_channels + o) * voxels_of(shape_.kernel)) + tap;
  }
  // Calls term(input channel, output channel, input voxel, output voxel, tap) for each product.
  void for_products(const std::function<void(std::int64_t, std::int64_t, const Size3&, const Size3&,
                                             std::size_t)>& term) const {
    for_each(shape_.in, [&](const Size3& v) {
      for_each(shape_.kernel, [&](const Size3& k) {
        const Size3 o{v[0] * shape_.kernel[0] + k[0], v[1] * shape_.kernel[1] + k[1],
                      v[2] * shape_.kernel[2] + k[2]};
        for (std::int64_t i = 0; i < shape_.in_channels; ++i)
          for (std::int64_t c = 0; c < shape_.out_channels; ++c) term(i, c, v, o, tap_of(shape_.kernel, k));
      });
    });
  }
  const UpsamplingShape shape_{2 * channel_block(), channel_block(), {2, 3, 5}, {1, 2, 3}};
  const std::vector<float> weight_ =
      random_values(shape_.in_channels * shape_.out_channels * voxels_of(shape_.kernel), 1);
  const std::vector<float> maps_[kCount] = {random_values(shape_.in_channels * voxels_of(shape_.in), 2),
                                            random_values(shape_.in_channels* voxels_of(shape_.in), 4)};
  const std::vector<float> gradients_[kCount] = {
      random_values(shape_.out_channels * voxels_of(shape_.out()), 3),
      random_values(shape_.out_channels* voxels_of(shape_.out()), 5)};
};

TEST_F(UpsamplingGradients, OfTheInputAreTheSumsOverTheBoxes) {
  std::vector<double> wanted(maps_[0].size(), 0.0);
  for_products([&](std::int64_t i, std::int64_t c, const Size3& v, const Size3& o, std::size_t tap) {
    wanted[at(shape_.in, i, v)] += static_cast<double>(gradients_[0][at(shape_.out(), c, o)]) *
                                   static_cast<double>(weight_[weight_at(i, c, tap)]);
  });
  std::vector<float> got(wanted.size(), -1), with_three(wanted.size(), -1);
  set_thread_count(1);
  const UpsamplingDataGradient kernel(shape_, weight_);
  kernel.run(gradients_[0].data(), got.data());
  expect_near(got, wanted);
  set_thread_count(3);
  kernel.run(gradients_[0].data(), with_three.data());
  EXPECT_EQ(got, with_three);
}

TEST_F(UpsamplingGradients, OfTheWeightAreTheSumsOverVoxelsAndSamples) {
  std::vector<double> wanted(weight_.size(), 0.0);
  std::vector<UpsamplingSample> samples;
  for (std::size_t n = 0; n < kCount; ++n) {
    samples.push_back({maps_[n].data(), gradients_[n].data()});
    for_products([&](std::int64_t i, std::int64_t c, const Size3& v, const Size3& o, std::size_t tap) {
      wanted[weight_at(i, c, tap)] += static_cast<double>(gradients_[n][at(shape_.out(), c, o)]) *
                                      static_cast<double>(maps_[n][at(shape_.in, i, v)]);
    });
  }
  std::vector<float> got(wanted.size(), -1), with_three(wanted.size(), -1);
  set_thread_count(1);
  upsampling_weight_gradient(shape_, samples, got);
  expect_near(got, wanted);
  set_thread_count(3);
  upsampling_weight_gradient(shape_, samples, with_three);
  EXPECT_EQ(got, with_three);
}

}  // namespace
}  // namespace hepar::cpu
