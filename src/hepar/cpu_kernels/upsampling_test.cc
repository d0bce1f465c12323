// SPDX-License-Identifier: Apache-2.0
#include "hepar/cpu_kernels/upsampling.h"

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
  std::int64_t in, out;
  Size3 size, kernel;
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

class UpsamplingCases : public testing::TestWithParam<Case> {
 protected:
  std::int64_t planes() const { return shape_.out()[0]; }

  // (channels in whole blocks, D, H, W), range by range.
  std::vector<float> run(const std::vector<PlaneRange>& ranges) const {
    const std::int64_t area = shape_.out()[1] * shape_.out()[2],
                       wide = padded(shape_.out_channels, channel_block());
    std::vector<float> whole(static_cast<std::size_t>(wide * planes() * area), std::nanf(""));
    for (const PlaneRange& range : ranges) {
      const std::int64_t voxels = (range.end - range.begin) * area;
      const AlignedFloats out = unset(wide * voxels);
      upsampling_.run(maps_.get(), out.get(), range);
      const std::vector<float> part = unblocked(out.get(), wide, voxels);
      for (std::int64_t c = 0; c < wide; ++c)
        std::copy_n(part.begin() + c * voxels, voxels, whole.begin() + (c * planes() + range.begin) * area);
    }
    return whole;
  }

  std::vector<double> wanted() const {
    reference::Maps maps({1, shape_.in_channels, shape_.in[0], shape_.in[1], shape_.in[2]});
    maps.values.assign(plain_.begin(), plain_.end());
    auto values = reference::upsample(maps, {weight_, bias_}).values;
    values.resize(
        static_cast<std::size_t>(padded(shape_.out_channels, channel_block()) * voxels_of(shape_.out())),
        0.0);
    return values;
  }

  const UpsamplingShape shape_{GetParam().in, GetParam().out, GetParam().size, GetParam().kernel};
  const NamedTensor weight_{
      {shape_.in_channels, shape_.out_channels, shape_.kernel[0], shape_.kernel[1], shape_.kernel[2]},
      random_values(shape_.in_channels* shape_.out_channels* voxels_of(shape_.kernel), 1,
                    1 / std::sqrt(static_cast<double>(shape_.in_channels)))};
  const NamedTensor bias_{{shape_.out_channels}, random_values(shape_.out_channels, 2)};
  const std::vector<float> plain_ = random_values(shape_.in_channels * voxels_of(shape_.in), 3);
  const AlignedFloats maps_ = blocked(plain_, shape_.in_channels);
  const Upsampling upsampling_{shape_, {weight_.values, bias_.values}};
};

// As for direct convolution: sums near 1 of at most 320 products.
TEST_P(UpsamplingCases, AgreesWithPlainLoops) {
  const std::vector<double> right = wanted();
  const std::vector<float> got = run({{0, planes()}});
  ASSERT_EQ(got.size(), right.size());
  for (std::size_t n = 0; n < got.size(); ++n) ASSERT_NEAR(got[n], right[n], 5e-6) << "value " << n;
}

TEST_P(UpsamplingCases, GivesTheSameBytesInRangesAndOnThreads) {
  std::vector<PlaneRange> singles, triples;
  for (std::int64_t d = 0; d < planes(); ++d) singles.push_back({d, d + 1});
  for (std::int64_t d = 0; d < planes(); d += 3) triples.push_back({d, std::min(d + 3, planes())});
  const auto whole = with_threads([&] { return run({{0, planes()}}); });
  for (const auto& result : whole) EXPECT_EQ(result, whole[0]);
  for (const auto& result : with_threads([&] { return run(triples); })) EXPECT_EQ(result, whole[0]);
  EXPECT_EQ(run(singles), whole[0]);
}

INSTANTIATE_TEST_SUITE_P(Cases, UpsamplingCases,
                         testing::Values(Case{"cube", 16, 32, {3, 4, 5}, {2, 2, 2}},
                                         Case{"flat", 16, 16, {5, 4, 7}, {1, 2, 2}},
                                         Case{"many_voxels", 24, 8, {4, 9, 11}, {2, 2, 2}},
                                         Case{"odd_channels", 5, 11, {3, 2, 6}, {2, 2, 2}},
                                         Case{"other_kernel", 8, 8, {3, 2, 3}, {3, 1, 4}},
                                         Case{"two_cubed", 320, 48, {2, 2, 2}, {2, 2, 2}},
                                         Case{"one_voxel", 8, 8, {1, 1, 1}, {2, 2, 2}}),
                         [](const auto& test) { return test.param.name; });

TEST(UpsamplingContract, IsHeldByTheCaller) {
  const UpsamplingShape shape{3, 2, {2, 2, 2}, {2, 2, 2}};
  const std::vector<float> weight(3 * 2 * 8), bias(2);
  EXPECT_THROW(Upsampling(shape, {std::span(weight).first(8), bias}), Error);
  const Upsampling upsampling(shape, {weight, bias});
  const AlignedFloats in = make_aligned(16 * 8), out = make_aligned(16 * 64);
  EXPECT_THROW(upsampling.run(in.get(), out.get(), {0, 5}), Error);
}

}  // namespace
}  // namespace hepar::cpu
