// SPDX-License-Identifier: Apache-2.0
#include "hepar/figures/series.h"

#include <set>

#include "hepar/figures/test_picture.h"

namespace hepar {
namespace {

TEST(Series, DifferWithoutColourToo) {
  std::set<std::string> looks;
  for (std::size_t n = 0; n < 4; ++n) {
    Canvas canvas(PictureFormat::kPng, 20, 20, {1, 1, 1});
    add_mark(canvas.cairo(), n, 10, 10);
    cairo_set_source_rgb(canvas.cairo(), 0, 0, 0);
    cairo_fill(canvas.cairo());
    looks.insert(canvas.finish());
  }
  EXPECT_EQ(looks.size(), 4U);
  EXPECT_EQ(series_line(0).dash, Dash::kNone);
  EXPECT_EQ(series_line(6).dash, Dash::kShort);  // the first colour again
}

TEST(SeriesArea, IsPlainHatchedOrCrossed) {
  const auto white_pixels = [](std::size_t n) {
    Canvas canvas(PictureFormat::kPng, 40, 40, {0, 0, 0});
    const PictureArea area{5, 5, 30, 30};
    fill_areas(canvas.cairo(), {&area, 1}, series_area(n));
    const Picture picture(canvas.finish());
    EXPECT_EQ(picture.at(4, 20), 0U);  // nothing beside the area
    EXPECT_EQ(picture.at(36, 20), 0U);
    EXPECT_NE(picture.at(20, 20), 0U);
    int bright = 0;
    for (int y = 5; y < 35; ++y)
      for (int x = 5; x < 35; ++x) bright += (picture.at(x, y) >> 16) > 230 && (picture.at(x, y) & 255) > 200;
    return bright;
  };
  EXPECT_EQ(white_pixels(0), 0);
  EXPECT_GT(white_pixels(1), 50);
  EXPECT_GT(white_pixels(2), 50);
  EXPECT_GT(white_pixels(3), white_pixels(2));
}

TEST(Legend, TakesAsManyLinesAsTheWidthNeeds) {
  Canvas canvas(PictureFormat::kSvg, 400, 100, {1, 1, 1});
  cairo_t* cairo = canvas.cairo();
  cairo_set_font_size(cairo, 12);
  const std::vector<LegendEntry> entries{
      {"one", series_line(0), 0},
      {"two", series_area(1), {}},
      {"a name that is far too long for this narrow legend", series_line(2), {}}};
  EXPECT_EQ(legend_lines(cairo, 1000, entries), 1);
  EXPECT_EQ(legend_lines(cairo, 200, entries), 2);
  EXPECT_EQ(legend_lines(cairo, 200, {}), 0);
  draw_legend(cairo, 10, 20, 200, entries, {0, 0, 0});
  const std::vector<SvgText> texts = texts_of(canvas.finish());
  ASSERT_EQ(texts.size(), 3U);
  EXPECT_EQ(texts[0].x, 10 + 26 + 6);  // the sample and its gap
  EXPECT_EQ(texts[0].y, 20);
  EXPECT_NEAR(texts[1].x, texts[0].x + texts[0].width + 22 + 32, 0.02);
  EXPECT_EQ(texts[2].x, 42);
  EXPECT_EQ(texts[2].y, 38);
  EXPECT_LE(texts[2].x + texts[2].width, 210);
  EXPECT_NE(texts[2].text.find("..."), std::string::npos);
}

}  // namespace
}  // namespace hepar
