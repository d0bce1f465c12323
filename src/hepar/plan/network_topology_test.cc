// SPDX-License-Identifier: Apache-2.0
#include "hepar/plan/network_topology.h"

#include <gmock/gmock.h>

namespace hepar {
namespace {
using testing::ElementsAre;

TEST(PlanTopology, PoolsAnIsotropicPatchFiveTimes) {
  // 128, 64, 32, 16, 8 are at least 8; 4 is not.
  const NetworkTopology topology = plan_topology({1, 1, 1}, {128, 128, 128});
  EXPECT_EQ(topology.strides.size(), 6U);
  EXPECT_THAT(topology.strides.front(), ElementsAre(1, 1, 1));
  EXPECT_THAT(topology.strides.back(), ElementsAre(2, 2, 2));
  EXPECT_THAT(topology.kernel_sizes.front(), ElementsAre(3, 3, 3));
  EXPECT_THAT(topology.divisor, ElementsAre(32, 32, 32));
}

TEST(PlanTopology, LeavesACoarseAxisForLater) {
  // 5 mm is at least twice 1 and 2 mm, less than twice 4 mm: two poolings in the plane come first, and the
  // kernel is 3 along it from the third on. The axis of 20 allows 20, 10 (>= 8): two poolings.
  const NetworkTopology topology = plan_topology({5, 1, 1}, {20, 256, 256});
  EXPECT_THAT(topology.strides,
              ElementsAre(AxisSizes{1, 1, 1}, AxisSizes{1, 2, 2}, AxisSizes{1, 2, 2}, AxisSizes{2, 2, 2},
                          AxisSizes{2, 2, 2}, AxisSizes{1, 2, 2}, AxisSizes{1, 2, 2}));
  EXPECT_THAT(topology.kernel_sizes,
              ElementsAre(AxisSizes{1, 3, 3}, AxisSizes{1, 3, 3}, AxisSizes{3, 3, 3}, AxisSizes{3, 3, 3},
                          AxisSizes{3, 3, 3}, AxisSizes{3, 3, 3}, AxisSizes{3, 3, 3}));
  EXPECT_THAT(topology.divisor, ElementsAre(4, 64, 64));
}

TEST(PlanTopology, PoolsALoneAxisOnlyFrom12) {
  EXPECT_EQ(plan_topology({1, 1}, {11, 7}).strides.size(), 1U);
  EXPECT_EQ(plan_topology({1, 1}, {12, 7}).strides.size(), 2U);
}

TEST(PlanTopology, PadsAFractionalPatch) {
  // 25.5 -> 13 -> 7: two poolings, so a multiple of 4.
  EXPECT_THAT(plan_topology({1, 1}, {25.5, 16}).patch_size, ElementsAre(28, 16));
}

TEST(FeatureMapSize, CountsEveryLayerOfATwoStageNetwork) {
  const NetworkTopology topology = plan_topology({1, 1}, {12, 12});
  ASSERT_EQ(topology.strides.size(), 2U);
  NetworkWidth width{.network_class = NetworkClass::kPlainConvUNet,
                     .features = {4, 8},
                     .encoder_blocks = {2, 3},
                     .decoder_convs = {2},
                     .heads = 3};
  // Encoder 2 * 4 * 144 + 3 * 8 * 36; decoder (2 + 1) * 4 * 144; head 3 * 144.
  EXPECT_EQ(feature_map_size(topology, width), 1152 + 864 + 1728 + 432);
  width.network_class = NetworkClass::kResidualEncoderUNet;
  // Stem 4 * 144; blocks 2 * 2 * 4 * 144 without and 3 * 2 * 8 * 36 + 8 * 36 with a projection.
  EXPECT_EQ(feature_map_size(topology, width), 576 + 2304 + 1728 + 288 + 1728 + 432);
}

// The figures that stand beside upstream's reference values (nnU-Net residual_encoder_unet_planners.py, the
// comments at its end), less the three values per voxel of the coarser heads, which deep supervision adds.
TEST(FeatureMapSize, IsUpstreamsOfTheReferenceNetworks) {
  NetworkWidth width{.network_class = NetworkClass::kResidualEncoderUNet,
                     .features = {32, 64, 128, 256, 320, 320},
                     .encoder_blocks = {1, 3, 4, 6, 6, 6},
                     .decoder_convs = {1, 1, 1, 1, 1},
                     .heads = 3};
  EXPECT_EQ(feature_map_size(plan_topology({1, 1, 1}, {128, 128, 128}), width),
            558319104 - 3 * (64 * 64 * 64 + 32 * 32 * 32 + 16 * 16 * 16 + 8 * 8 * 8));
  width.features = {32, 64, 128, 256, 512, 512, 512};
  width.encoder_blocks.push_back(6);
  width.decoder_convs.push_back(1);
  NetworkTopology plane = plan_topology({1, 1}, {512, 512});
  plane.strides.resize(7);  // of 8
  EXPECT_EQ(feature_map_size(plane, width),
            129793792 - 3 * (256 * 256 + 128 * 128 + 64 * 64 + 32 * 32 + 16 * 16));
}

}  // namespace
}  // namespace hepar
