// SPDX-License-Identifier: Apache-2.0
#include "hepar/figures/slice_view.h"

#include <gmock/gmock.h>

#include <cstdio>  // jpeglib.h needs FILE

#include <jpeglib.h>

#include "hepar/core/error.h"
#include "hepar/figures/jpeg.h"
#include "hepar/figures/test_case.h"

namespace hepar {
namespace {

// A JPEG read back; libjpeg ends the program on a damaged one.
AxialPlane<std::uint8_t> decode(const std::string& jpeg) {
  jpeg_decompress_struct state;
  jpeg_error_mgr error;
  state.err = jpeg_std_error(&error);
  jpeg_create_decompress(&state);
  jpeg_mem_src(&state, reinterpret_cast<const unsigned char*>(jpeg.data()), jpeg.size());
  jpeg_read_header(&state, TRUE);
  EXPECT_EQ(state.num_components, 1);
  jpeg_start_decompress(&state);
  AxialPlane<std::uint8_t> plane{state.output_width, state.output_height, {}};
  plane.pixels.resize(static_cast<std::size_t>(plane.width * plane.height));
  while (state.output_scanline < state.output_height) {
    JSAMPROW row = &plane.pixels[state.output_scanline * static_cast<std::size_t>(plane.width)];
    jpeg_read_scanlines(&state, &row, 1);
  }
  jpeg_finish_decompress(&state);
  jpeg_destroy_decompress(&state);
  return plane;
}

// 10 x 8 pixels of 2 x 3 mm, 4 slices of 5 mm; HU rise by 40 a column from -160: grey 0, 25.5, 51 .. 229.5.
struct Small {
  CtVolume ct;
  LabelMap labels;
  Small() {
    Geometry geometry;
    geometry.size = {10, 8, 4};
    geometry.spacing_mm = {2, 3, 5};
    geometry.origin_mm = {10, 20, 100};
    ct = CtVolume(geometry);
    labels = LabelMap(geometry);
    for (std::int64_t k = 0; k < 4; ++k)
      for (std::int64_t j = 0; j < 8; ++j)
        for (std::int64_t i = 0; i < 10; ++i) ct[{i, j, k}] = -160 + 40 * static_cast<float>(i);
    fill(labels, {{2, 1, 1}, {7, 7, 3}}, kLiver);
    fill(labels, {{4, 3, 1}, {6, 5, 3}}, kTumour);
  }
};

TEST(SliceView, HoldsTheGreyOfItsPart) {
  const Small small;
  const SliceView view = make_slice_view(small.ct, {}, 2, {{3, 2, 0}, {9, 8, 1}}, {.jpeg_quality = 100});
  EXPECT_EQ(view.width, 6);
  EXPECT_EQ(view.height, 6);
  EXPECT_EQ(view.pixel_width_mm, 2);
  EXPECT_EQ(view.pixel_height_mm, 3);
  EXPECT_EQ(view.slice, 2);
  EXPECT_EQ(view.slice_count, 4);
  EXPECT_EQ(view.z_mm, 110);
  const AxialPlane<std::uint8_t> grey = decode(view.jpeg);
  ASSERT_EQ(grey.width, 6);
  ASSERT_EQ(grey.height, 6);
  for (std::int64_t y = 0; y < 6; ++y)
    for (std::int64_t x = 0; x < 6; ++x) EXPECT_NEAR(grey.at(x, y), 25.5 * static_cast<double>(3 + x), 2.5);
}

TEST(SliceView, ShowsTheWindowAskedFor) {
  const Small small;
  const Box3 all{{0, 0, 0}, {10, 8, 1}};
  const SliceViewOptions options{.window_low_hu = 0, .window_high_hu = 80, .jpeg_quality = 100};
  const AxialPlane<std::uint8_t> grey = decode(make_slice_view(small.ct, {}, 0, all, options).jpeg);
  EXPECT_NEAR(grey.at(1, 4), 0, 3);      // -120 HU
  EXPECT_NEAR(grey.at(5, 4), 127.5, 4);  // 40 HU
  EXPECT_NEAR(grey.at(8, 4), 255, 3);    // 160 HU
}

TEST(SliceView, TracesLayersInPixelsOfThePicture) {
  const Small small;
  const std::vector<SliceLayer> layers{{"liver", &small.labels, {kLiver, kTumour}},
                                       {"tumour", &small.labels, {kTumour}},
                                       {"cyst", &small.labels, {kCyst}}};
  const SliceView view = make_slice_view(small.ct, layers, 1, {{1, 0, 0}, {10, 8, 1}});
  ASSERT_EQ(view.outlines.size(), 3U);
  EXPECT_EQ(view.outlines[0].layer, "liver");
  // Columns 2 to 6 and rows 1 to 6 are, from column 1 on, 1 <= x <= 6 and 1 <= y <= 7.
  ASSERT_EQ(view.outlines[0].loops.size(), 1U);
  EXPECT_THAT(view.outlines[0].loops[0],
              testing::UnorderedElementsAreArray(
                  PlaneLoop{{1.5, 1}, {5.5, 1}, {6, 1.5}, {6, 6.5}, {5.5, 7}, {1.5, 7}, {1, 6.5}, {1, 1.5}}));
  ASSERT_EQ(view.outlines[1].loops.size(), 1U);
  EXPECT_THAT(view.outlines[1].loops[0],
              testing::UnorderedElementsAreArray(
                  PlaneLoop{{3.5, 3}, {4.5, 3}, {5, 3.5}, {5, 4.5}, {4.5, 5}, {3.5, 5}, {3, 4.5}, {3, 3.5}}));
  EXPECT_TRUE(view.outlines[2].loops.empty());
  EXPECT_TRUE(make_slice_view(small.ct, layers, 0, {{1, 0, 0}, {10, 8, 1}}).outlines[0].loops.empty());
}

TEST(SliceView, DrawsNoLineWhereThePictureCutsALayer) {
  // The part shows columns 3 to 5, rows 3 to 4 of a liver that goes on beyond all four sides.
  const Small small;
  const std::vector<SliceLayer> layers{{"liver", &small.labels, {kLiver, kTumour}}};
  const SliceView view = make_slice_view(small.ct, layers, 1, {{3, 3, 0}, {6, 5, 1}});
  for (const PlaneLoop& loop : view.outlines[0].loops) {
    for (const PlanePoint point : loop) {
      const bool inside = point.x >= 0 && point.x <= 3 && point.y >= 0 && point.y <= 2;
      EXPECT_FALSE(inside) << point.x << " " << point.y;
    }
  }
}

TEST(SliceView, IsTheSameForAnyOrderOfTheVoxelAxes) {
  TestCase c = TestCase::liver_only();
  fill(c.after, kLeftBox, kTumour);
  for (std::int64_t j = 0; j < 50; ++j) c.ct[{70, j, 6}] = 200;
  const Box3 part = axial_box(c.ct.geometry(), kLeftBox, 10);
  const auto view_of = [&](const TestCase& one) {
    const std::vector<SliceLayer> layers{{"tumour", &one.after, {kTumour}}};
    return make_slice_view(one.ct, layers, 6, part);
  };
  const SliceView upright = view_of(c);
  for (const char* orientation : {"RAS", "SPL", "AIR"}) {
    const SliceView view = view_of(c.turned(orientation));
    EXPECT_EQ(view.jpeg, upright.jpeg) << orientation;
    EXPECT_EQ(view.outlines[0].loops, upright.outlines[0].loops) << orientation;
    EXPECT_NEAR(view.z_mm, 330, 1e-9);
  }
}

TEST(SliceView, RefusesLayersOfAnotherGrid) {
  const Small small;
  Geometry other = small.ct.geometry();
  other.origin_mm.z += 5;
  const LabelMap wrong(other);
  const std::vector<SliceLayer> layers{{"liver", &wrong, {kLiver}}};
  try {
    make_slice_view(small.ct, layers, 1, {{0, 0, 0}, {10, 8, 1}});
    FAIL() << "no error";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::kInvalidInput);
  }
}

TEST(SliceView, NeedsASliceAndAPartWithinTheVolume) {
  const Small small;
  EXPECT_THROW(make_slice_view(small.ct, {}, 4, {{0, 0, 0}, {10, 8, 1}}), Error);
  EXPECT_THROW(make_slice_view(small.ct, {}, -1, {{0, 0, 0}, {10, 8, 1}}), Error);
  EXPECT_THROW(make_slice_view(small.ct, {}, 0, {{0, 0, 0}, {11, 8, 1}}), Error);
  EXPECT_THROW(make_slice_view(small.ct, {}, 0, {{0, -1, 0}, {10, 8, 1}}), Error);
  EXPECT_THROW(make_slice_view(small.ct, {}, 0, {{3, 0, 0}, {3, 8, 1}}), Error);
}

TEST(AxialBox, WidensWithinTheSlicesOnly) {
  const Geometry geometry = Small().ct.geometry();
  // 5 mm are 2.5 pixels of 2 mm, so 3, and 1.67 of 3 mm, so 2; the volume ends before column 10.
  EXPECT_EQ(axial_box(geometry, {{4, 3, 1}, {8, 5, 3}}, 5), (Box3{{1, 1, 1}, {10, 7, 3}}));
  EXPECT_EQ(axial_box(geometry, {{4, 3, 1}, {8, 5, 3}}), (Box3{{4, 3, 1}, {8, 5, 3}}));
}

TEST(AxialBox, TurnsTheAxes) {
  // In "SAR" i runs to the head, j to the front and k to the right: x = size_k - 1 - k, y = size_j - 1 - j
  // and the slice is i.
  const Geometry lps = Small().ct.geometry();
  const Geometry turned = reorient(lps, axis_order_for(lps, "SAR"));
  EXPECT_EQ(axial_box(turned, {{1, 3, 2}, {3, 5, 6}}), (Box3{{4, 3, 1}, {8, 5, 3}}));
}

TEST(Jpeg, RefusesImpossibleSizes) {
  const std::vector<std::uint8_t> pixels(12);
  EXPECT_NO_THROW(encode_jpeg(pixels, 4, 3, 80));
  EXPECT_THROW(encode_jpeg(pixels, 4, 4, 80), Error);
  EXPECT_THROW(encode_jpeg({}, 0, 3, 80), Error);
  EXPECT_THROW(encode_jpeg(pixels, 4, 3, 0), Error);
  EXPECT_THROW(encode_jpeg(std::vector<std::uint8_t>(70000), 70000, 1, 80), Error);
}

}  // namespace
}  // namespace hepar
