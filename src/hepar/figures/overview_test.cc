// SPDX-License-Identifier: Apache-2.0
#include "hepar/figures/overview.h"

#include "hepar/core/error.h"
#include "hepar/figures/test_case.h"
#include "hepar/figures/test_picture.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;

struct Rgb {
  int red, green, blue;
};
bool is_green(Rgb p) { return p.green > 150 && p.red < 90 && p.blue < 110; }
bool is_blue(Rgb p) { return p.blue > 200 && p.red < 110 && p.green < 170; }
bool is_orange(Rgb p) { return p.red > 220 && p.green > 120 && p.green < 180 && p.blue < 60; }
bool is_red(Rgb p) { return p.red > 220 && p.green < 90 && p.blue < 90; }
bool is_yellow(Rgb p) { return p.red > 200 && p.green > 180 && p.blue > 70 && p.blue < 150; }
bool is_grey(Rgb p) { return p.red == p.green && p.green == p.blue; }

class OverviewPicture {
 public:
  explicit OverviewPicture(const fs::path& path) : picture_(read_text_file(path)) {}
  int width() const { return picture_.width(); }
  int height() const { return picture_.height(); }
  Rgb at(double x, double y) const {
    const std::uint32_t pixel = picture_.at(static_cast<int>(x), static_cast<int>(y));
    return {static_cast<int>(pixel >> 16), static_cast<int>(pixel >> 8 & 255), static_cast<int>(pixel & 255)};
  }
  // Pixels of a colour above the legend, which takes the last 34 rows.
  template <class Predicate>
  int count(Predicate is) const {
    int found = 0;
    for (int y = 0; y < height() - 34; ++y)
      for (int x = 0; x < width(); ++x) found += is(at(x, y));
    return found;
  }

 private:
  Picture picture_;
};

using Case = TestCase;
// The margin of 15 mm makes the view the whole plane, 760 pixels wide, so 3.8 pixels/mm. The panel begins
// below the title (40) and beside the gap (10): plane point (x, y) mm lies at pixel (10 + 3.8 x, 40 + 3.8 y).
double px(double mm) { return 10 + 3.8 * mm; }
double py(double mm) { return 40 + 3.8 * mm; }

class Overview : public PictureFolder {
 protected:
  OverviewPicture draw(const Case& c, const OverviewOptions& options) const {
    write_overview_png(path(), c.ct, c.before, c.after, options);
    return OverviewPicture(path());
  }
  fs::path path() const { return folder_ / "overview.png"; }
};

OverviewLesion left_lesion() { return {1, kLeftCentre, 50, "tumour"}; }

TEST_F(Overview, DrawsATumourKeptByTheFilterBlueOverGreenAtItsPlace) {
  Case c = Case::liver_only();
  fill(c.before, kLeftBox, kTumour);
  fill(c.after, kLeftBox, kTumour);
  const OverviewPicture picture = draw(c, {"case", {left_lesion()}});
  EXPECT_EQ(picture.width(), 10 + 760 + 10);
  EXPECT_EQ(picture.height(), 40 + 760 + 42 + 10 + 34);
  for (const double edge : {120.0, 170.0}) {
    EXPECT_TRUE(is_blue(picture.at(px(edge), py(85)))) << edge;
    EXPECT_TRUE(is_green(picture.at(px(edge) + 1.5, py(85)))) << edge;  // shows on either side of the blue
  }
  EXPECT_TRUE(is_blue(picture.at(px(145), py(60))));
  EXPECT_TRUE(is_grey(picture.at(px(145), py(85))));   // CT inside
  EXPECT_TRUE(is_yellow(picture.at(px(4), py(150))));  // the liver's left border
  EXPECT_EQ(picture.count(is_orange), 0);
  EXPECT_EQ(picture.count(is_red), 0);
  // 40 HU in a window from -160 to 240 HU is half of 255.
  EXPECT_EQ(picture.at(px(60), py(30)).red, 128);
}

TEST_F(Overview, DrawsARegionThatBecameCystOrangeOverGreen) {
  Case c = Case::liver_only();
  fill(c.before, kLeftBox, kTumour);
  fill(c.after, kLeftBox, kCyst);
  const OverviewPicture picture = draw(c, {"case", {left_lesion()}});
  EXPECT_EQ(picture.count(is_blue), 0);
  EXPECT_GT(picture.count(is_green), 200);
  EXPECT_GT(picture.count(is_orange), 200);
}

TEST_F(Overview, DrawsNoLineBetweenTwoRegions) {
  Case c = Case::liver_only();
  fill(c.before, {{10, 40, 4}, {20, 50, 8}}, kTumour);  // x 20 to 40 mm, y 80 to 100 mm
  fill(c.before, {{70, 40, 4}, {80, 50, 8}}, kTumour);  // x 140 to 160 mm
  c.after = c.before;
  const OverviewPicture picture = draw(c, {"case", {left_lesion()}});
  for (int y_mm = 60; y_mm < 120; ++y_mm) {
    EXPECT_TRUE(is_grey(picture.at(px(60), py(y_mm)))) << y_mm;
  }
}

TEST_F(Overview, IsTheSameForAnyOrderOfTheVoxelAxes) {
  Case c = Case::liver_only();
  fill(c.before, kLeftBox, kTumour);
  fill(c.after, kLeftBox, kTumour);
  draw(c, {"case", {left_lesion()}});
  const std::string upright = read_text_file(path());
  for (const char* orientation : {"RAS", "SPL", "AIR"}) {
    draw(c.turned(orientation), {"case", {left_lesion()}});
    EXPECT_EQ(read_text_file(path()), upright) << orientation;
  }
}

TEST_F(Overview, MakesPixelsSquare) {
  // The same world in pixels of 4 x 1 mm: the tumour's borders stay where they were.
  Geometry geometry = Case::liver_only().ct.geometry();
  geometry.size = {50, 200, 12};
  geometry.spacing_mm = {4, 1, 5};
  geometry.origin_mm = {-98, -99.5, 300};
  Case c{CtVolume(geometry, 40.F), LabelMap(geometry), LabelMap(geometry)};
  fill(c.before, {{1, 4, 1}, {49, 196, 11}}, kLiver);
  fill(c.before, {{30, 60, 4}, {43, 110, 8}}, kTumour);  // x 120 to 172 mm, y 60 to 110 mm
  c.after = c.before;
  const OverviewPicture picture = draw(c, {"case", {left_lesion()}});
  EXPECT_TRUE(is_blue(picture.at(px(120), py(85))));
  EXPECT_TRUE(is_blue(picture.at(px(172), py(85))));
  EXPECT_TRUE(is_blue(picture.at(px(145), py(60))));
  EXPECT_TRUE(is_blue(picture.at(px(145), py(110))));
}

TEST_F(Overview, ShowsALesionOfOneVoxel) {
  Case c = Case::liver_only();
  c.before[{70, 40, 5}] = c.after[{70, 40, 5}] = kTumour;
  const OverviewPicture picture = draw(c, {"case", {{1, {-99 + 140, -99 + 80, 325}, 0.02, "doubtful"}}});
  // A diamond of half-diagonal 1 mm: four sides of 5.4 pixels.
  EXPECT_GT(picture.count(is_blue), 8);
  EXPECT_LT(picture.count(is_blue), 60);
}

TEST_F(Overview, ShowsTheLiverWhenThereIsNoLesion) {
  const OverviewPicture picture = draw(Case::liver_only(), {"case", {}});
  EXPECT_GT(picture.count(is_yellow), 2000);  // 4 x 192 mm x 3.8 pixels/mm = 2918, one pixel wide
  EXPECT_EQ(picture.count(is_blue) + picture.count(is_green) + picture.count(is_orange), 0);
}

TEST_F(Overview, ShowsThePlainCtWhenNothingIsLabelled) {
  Case c = Case::liver_only();
  c.before = c.after = LabelMap(c.ct.geometry());
  const OverviewPicture picture = draw(c, {"case", {}});
  EXPECT_EQ(picture.width(), 780);
  EXPECT_EQ(picture.count(is_yellow), 0);
}

TEST_F(Overview, GivesTheSixLargestLesionsAPanelEach) {
  OverviewOptions options;
  for (int id = 1; id <= 9; ++id) options.lesions.push_back({id, {0, 0, 300 + 5.0 * id}, 1.0 * id, ""});
  const OverviewPicture picture = draw(Case::liver_only(), options);
  EXPECT_EQ(picture.width(), 3 * (440 + 10) + 10);
  EXPECT_EQ(picture.height(), 40 + 2 * (440 + 42 + 10) + 34);
}

TEST_F(Overview, DrawsTheReferenceRed) {
  Case c = Case::liver_only();
  LabelMap reference(c.ct.geometry());
  fill(reference, kLeftBox, kTumour);
  OverviewOptions options{"case", {left_lesion()}};
  EXPECT_EQ(draw(c, options).count(is_red), 0);
  options.reference = &reference;
  EXPECT_TRUE(is_red(draw(c, options).at(px(120), py(85))));
}

TEST_F(Overview, RefusesLabelsOfAnotherGrid) {
  Case c = Case::liver_only();
  Geometry other = c.ct.geometry();
  other.spacing_mm.z = 2.5;
  c.after = LabelMap(other);
  try {
    write_overview_png(path(), c.ct, c.before, c.after);
    FAIL() << "no error";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::kInvalidInput);
    EXPECT_NE(std::string(e.what()).find("2.5000 mm"), std::string::npos) << e.what();
  }
  EXPECT_FALSE(fs::exists(path()));
}

}  // namespace
}  // namespace hepar
