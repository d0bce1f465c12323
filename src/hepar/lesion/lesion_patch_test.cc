// SPDX-License-Identifier: Apache-2.0
#include "hepar/lesion/lesion_patch.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "hepar/core/random.h"
#include "hepar/imaging/image_quality.h"

namespace hepar {
namespace {

// Which world axis (0, 1, 2) each index axis runs along, and which way.
struct Orientation {
  std::array<int, 3> world_axis;
  std::array<int, 3> sign;
  double tilt = 0;  // radians about the patient's x axis
};

Geometry oriented(const Orientation& orientation) {
  Geometry geometry;
  geometry.size = {13, 11, 9};
  geometry.spacing_mm = {0.9, 1.1, 1.3};
  const double c = std::cos(orientation.tilt), s = std::sin(orientation.tilt);
  for (std::size_t axis = 0; axis < 3; ++axis) {
    Vec3 column;
    column[orientation.world_axis[axis]] = orientation.sign[axis];
    const Vec3 tilted{column.x, c * column.y - s * column.z, s * column.y + c * column.z};
    geometry.direction.set_column(static_cast<int>(axis), tilted);
  }
  return geometry;
}

class PatchOrientation : public testing::TestWithParam<Orientation> {};

TEST_P(PatchOrientation, TellsEachVoxelsPlaceValueAndTissue) {
  const Geometry geometry = oriented(GetParam());
  CtVolume ct(geometry);
  LabelMap labels(geometry);
  Random random(2);
  for (std::size_t n = 0; n < ct.voxels().size(); ++n) {
    ct.voxels()[n] = static_cast<float>(n);  // no two alike
    labels.voxels()[n] = static_cast<std::uint8_t>(random.integer(0, 3));
  }
  const ComponentRuns found = find_components(labels, kTumour, Connectivity::kFaces6);
  const auto painted = paint_components(found, geometry);
  for (std::size_t n = 0; n < found.components.size(); n += 7) {
    const Component& component = found.components[n];
    const LesionPatch patch =
        cut_patch(ct, labels, found.runs_of(component), component.bounds, {.margin_mm = 2});
    EXPECT_EQ(GetParam().world_axis[static_cast<std::size_t>(patch.axis[2])], 2);  // slices last
    EXPECT_EQ(patch.size.count(), patch.box.size().count());
    ASSERT_EQ(patch.hu.size(), static_cast<std::size_t>(patch.size.count()));
    std::int64_t own = 0;
    for (int axis = 0; axis < 3; ++axis) {
      EXPECT_EQ(patch.spacing_mm[axis], geometry.spacing_mm[patch.axis[static_cast<std::size_t>(axis)]]);
    }
    for (Int3 at; at.k < patch.size.k; ++at.k)
      for (at.j = 0; at.j < patch.size.j; ++at.j)
        for (at.i = 0; at.i < patch.size.i; ++at.i) {
          const Int3 index = patch.volume_index(at);
          ASSERT_TRUE(ct.contains(index));
          ASSERT_EQ(patch.hu[patch.offset(at)], ct[index]);
          const bool is_own = painted[index] == static_cast<std::int32_t>(n) + 1;
          const std::uint8_t label = labels[index];
          const Tissue expected = is_own                 ? Tissue::kOwn
                                  : label == kLiver      ? Tissue::kParenchyma
                                  : label == kBackground ? Tissue::kOutside
                                                         : Tissue::kOtherLesion;
          ASSERT_EQ(patch.tissue[patch.offset(at)], expected);
          own += is_own;
        }
    EXPECT_EQ(own, component.voxels);
  }
}
INSTANTIATE_TEST_SUITE_P(
    Axes, PatchOrientation,
    testing::Values(Orientation{{0, 1, 2}, {1, 1, 1}}, Orientation{{0, 1, 2}, {-1, 1, -1}},
                    Orientation{{1, 0, 2}, {1, -1, 1}}, Orientation{{0, 2, 1}, {1, -1, 1}},
                    Orientation{{2, 0, 1}, {1, 1, 1}}, Orientation{{1, 2, 0}, {-1, -1, -1}},
                    Orientation{{2, 1, 0}, {-1, 1, 1}, 0.4}, Orientation{{0, 1, 2}, {1, -1, -1}, -0.4}));

// One tumour voxel in a volume of liver.
struct OneVoxel {
  OneVoxel(Int3 size, Vec3 spacing_mm, Int3 voxel) {
    Geometry geometry;
    geometry.size = size, geometry.spacing_mm = spacing_mm;
    ct = CtVolume(geometry, 110);
    labels = LabelMap(geometry, kLiver);
    labels[voxel] = kTumour;
  }
  LesionPatch patch(const PatchOptions& options) const {
    const ComponentRuns found = find_components(labels, kTumour);
    return cut_patch(ct, labels, found.runs, found.components.at(0).bounds, options);
  }
  CtVolume ct;
  LabelMap labels;
};

TEST(CutPatch, TakesTheMarginInMillimetres) {
  // 6 mm are 6 voxels of 1 mm, 3 of 2 mm, and 3 of 2.5 mm since 2 would be short.
  const LesionPatch patch = OneVoxel({30, 30, 30}, {1, 2, 2.5}, {15, 15, 15}).patch({.margin_mm = 6});
  EXPECT_EQ(patch.box, (Box3{{9, 12, 12}, {22, 19, 19}}));
}

TEST(CutPatch, EndsAtTheVolumesBorder) {
  const LesionPatch patch = OneVoxel({10, 30, 1}, {1, 1, 3}, {0, 29, 0}).patch({.margin_mm = 4});
  EXPECT_EQ(patch.box, (Box3{{0, 25, 0}, {5, 30, 1}}));
  EXPECT_EQ(patch.tissue[patch.offset({0, 4, 0})], Tissue::kOwn);
}

TEST(CutPatch, TakesNoNumberForOutside) {
  OneVoxel c({9, 9, 9}, {1, 1, 1}, {4, 4, 4});
  c.ct[{3, 4, 4}] = std::numeric_limits<float>::quiet_NaN();
  c.ct[{5, 4, 4}] = std::numeric_limits<float>::infinity();
  const LesionPatch patch = c.patch({.margin_mm = 6});
  for (const Int3 at : {Int3{3, 4, 4}, Int3{5, 4, 4}}) {
    EXPECT_EQ(patch.hu[patch.offset(at)], -1024);
    EXPECT_EQ(patch.tissue[patch.offset(at)], Tissue::kOutside);
  }
}

TEST(CutPatch, GuessesLiverByHuOnlyWhenAsked) {
  OneVoxel c({9, 1, 1}, {1, 1, 1}, {4, 0, 0});
  const float hu[] = {110, 110, -1, 0, 20, 200, 201, 110, 110};
  for (std::int64_t i = 0; i < 9; ++i) c.ct[{i, 0, 0}] = hu[i];
  for (std::int64_t i = 0; i < 9; ++i) {
    if (i != 4) c.labels[{i, 0, 0}] = kBackground;
  }
  c.labels[{0, 0, 0}] = kCyst;
  using enum Tissue;
  EXPECT_EQ(c.patch({}).tissue, (std::vector{kOtherLesion, kOutside, kOutside, kOutside, kOwn, kOutside,
                                             kOutside, kOutside, kOutside}));
  EXPECT_EQ(c.patch({.liver_by_hu = true}).tissue,
            (std::vector{kOtherLesion, kParenchyma, kOutside, kParenchyma, kOwn, kParenchyma, kOutside,
                         kParenchyma, kParenchyma}));
}

}  // namespace
}  // namespace hepar
