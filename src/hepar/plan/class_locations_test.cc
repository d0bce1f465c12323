// SPDX-License-Identifier: Apache-2.0
#include "hepar/plan/class_locations.h"

#include <gmock/gmock.h>

#include <set>
#include <string>

#include "hepar/tensors/test_npy.h"

namespace hepar {
namespace {
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const std::string kUnit = HEPAR_GOLDEN "/nnunet/unit/";

// The coordinates that nnU-Net drew for the classes (1, 2), 2 and 1, in this order (unit/index.json).
TEST(ClassLocations, AreThoseOfNnunet) {
  const NpyArray map = read_npy(kUnit + "classloc_seg.npy");
  const std::vector<std::int16_t> labels(map.values.begin(), map.values.end());
  const auto locations = class_locations(labels, {{1, 2}, {2}, {1}});
  ASSERT_THAT(locations, SizeIs(3));
  const std::int64_t height = map.shape.at(2), width = map.shape.at(3);
  for (std::size_t n = 0; n < 3; ++n) {
    const NpyArray theirs = read_npy(kUnit + "classloc_" + std::to_string(n) + ".npy");
    ASSERT_EQ(theirs.shape, (std::vector<std::int64_t>{static_cast<std::int64_t>(locations[n].size()), 4}));
    for (std::size_t voxel = 0; voxel < locations[n].size(); ++voxel) {
      const std::int64_t offset = locations[n][voxel];
      ASSERT_EQ(offset / width / height, theirs.values[4 * voxel + 1]);
      ASSERT_EQ(offset / width % height, theirs.values[4 * voxel + 2]);
      ASSERT_EQ(offset % width, theirs.values[4 * voxel + 3]);
    }
  }
}

TEST(ClassLocations, AreAllVoxelsOfASmallClassAndNoneOfAnAbsentOne) {
  const std::vector<std::int16_t> labels{0, 1, -1, 3, 1, 0};
  const auto locations = class_locations(labels, {{2}, {1}, {3, 1}});
  EXPECT_THAT(locations[0], IsEmpty());
  EXPECT_EQ(std::set(locations[1].begin(), locations[1].end()), (std::set<std::uint32_t>{1, 4}));
  EXPECT_EQ(std::set(locations[2].begin(), locations[2].end()), (std::set<std::uint32_t>{1, 3, 4}));
}

TEST(ClassLocations, AreAHundredthOfALargeClass) {
  // ceil(1200050 / 100) = 12001 > 10000; of 20000 voxels 10000, as 200 would be fewer.
  std::vector<std::int16_t> labels(1200050, 1);
  labels.resize(1220050, 2);
  const auto locations = class_locations(labels, {{1}, {2}});
  EXPECT_THAT(locations[0], SizeIs(12001));
  EXPECT_THAT(locations[1], SizeIs(10000));
}

TEST(LocatedClasses, AreTheRegionsOrLabelsAndAllThatIsAnnotated) {
  DatasetLabels labels;
  labels.regions = {{"liver", {1, 2}}, {"tumour", {2}}};
  labels.foreground_labels = {1, 2};
  EXPECT_THAT(located_classes(labels), ElementsAre(ElementsAre(1), ElementsAre(2)));
  labels.regions_class_order = {1, 2};
  EXPECT_THAT(located_classes(labels), ElementsAre(ElementsAre(1, 2), ElementsAre(2)));
  labels.ignore_label = 3;
  EXPECT_THAT(located_classes(labels),
              ElementsAre(ElementsAre(1, 2), ElementsAre(2), ElementsAre(-1, 0, 1, 2)));
}

}  // namespace
}  // namespace hepar
