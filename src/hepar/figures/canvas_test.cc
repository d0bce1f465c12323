// SPDX-License-Identifier: Apache-2.0
#include "hepar/figures/canvas.h"

#include "hepar/core/error.h"
#include "hepar/figures/test_picture.h"

namespace hepar {
namespace {

constexpr PictureColour kWhite{1, 1, 1}, kBlack{0, 0, 0};

TEST(PictureFormat, IsToldByTheSuffix) {
  EXPECT_EQ(picture_format("a.b/c.png"), PictureFormat::kPng);
  EXPECT_EQ(picture_format("c.svg"), PictureFormat::kSvg);
  for (const char* path : {"c.pdf", "c", "png", "c.PNG"}) {
    EXPECT_THROW(picture_format(path), Error) << path;
  }
}

TEST(Canvas, DrawsTheSameTwiceAsFine) {
  const auto draw = [](PictureFormat format) {
    Canvas canvas(format, 40, 30, kWhite);
    set_line(canvas.cairo(), {kBlack, 2});
    draw_line(canvas.cairo(), 10, 0, 10, 30);
    return Picture(canvas.finish());
  };
  const Picture plain = draw(PictureFormat::kPng), fine = draw(PictureFormat::kPngDouble);
  EXPECT_EQ(plain.width(), 40);
  EXPECT_EQ(plain.height(), 30);
  EXPECT_EQ(fine.width(), 80);
  EXPECT_EQ(fine.height(), 60);
  EXPECT_EQ(plain.count(0, 0, 0, 40, 30), 2 * 30);
  EXPECT_EQ(fine.count(0, 18, 0, 22, 60), 4 * 60);
}

TEST(Canvas, KeepsTextOfAnSvgAsText) {
  Canvas canvas(PictureFormat::kSvg, 200, 100, kWhite);
  cairo_t* cairo = canvas.cairo();
  cairo_set_font_size(cairo, 12);
  cairo_translate(cairo, 100, 20);
  set_colour(cairo, {1, 0.5, 0});
  show_text(cairo, 5, 30, "a < b & c\n");
  cairo_rotate(cairo, -1.5707963267948966);
  show_text(cairo, -40, 7, "up");  // 90 degrees to the left: 7 right and 40 down of (100, 20)
  const double width = text_width(cairo, "up");
  const std::string svg = canvas.finish();
  const std::vector<SvgText> texts = texts_of(svg);
  ASSERT_EQ(texts.size(), 2U);
  EXPECT_EQ(texts[0].text, "a &lt; b &amp; c ");
  EXPECT_EQ(texts[0].x, 105);
  EXPECT_EQ(texts[0].y, 50);
  EXPECT_FALSE(texts[0].turned);
  EXPECT_NEAR(texts[1].x, 107, 0.01);
  EXPECT_NEAR(texts[1].y, 60, 0.01);
  EXPECT_NEAR(texts[1].width, width, 0.01);
  EXPECT_NE(svg.find("rotate(-90.00 107.00 60.00)"), std::string::npos);
  EXPECT_NE(svg.find("fill=\"#ff8000\""), std::string::npos);
}

TEST(Canvas, GivesTheSameSvgAgain) {
  const auto draw = [] {
    Canvas canvas(PictureFormat::kSvg, 20, 20, kWhite);
    cairo_surface_t* image = cairo_image_surface_create(CAIRO_FORMAT_RGB24, 4, 4);
    for (const double x : {1.0, 9.0}) {
      cairo_set_source_surface(canvas.cairo(), image, x, 1);
      cairo_paint(canvas.cairo());
    }
    cairo_surface_destroy(image);
    return canvas.finish();
  };
  const std::string first = draw();
  EXPECT_EQ(draw(), first);
  EXPECT_NE(first.find("<image"), std::string::npos);
}

TEST(Canvas, CutsNumbersOfAnSvgToHundredths) {
  Canvas canvas(PictureFormat::kSvg, 20, 20, kWhite);
  set_line(canvas.cairo(), {kBlack, 1});
  draw_line(canvas.cairo(), 1.0 / 3, 2, 2.0 / 3, 12.5);
  EXPECT_NE(canvas.finish().find("M 0.33 2 L 0.66 12.5"), std::string::npos);
}

TEST(Text, OfBytesThatAreNoUtf8ShowsQuestionMarks) {
  // Latin-1 e acute; a UTF-8 e acute cut short; a whole one; a byte that never occurs; a euro sign cut short.
  for (const auto& [text, shown] : {std::pair<std::string, std::string>{"caf\xE9!", "caf?!"},
                                    {"caf\xC3", "caf?"},
                                    {"caf\xC3\xA9", "caf\xC3\xA9"},
                                    {"\xFF", "?"},
                                    {"\xE2\x82",
                                     "?"
                                     "?"}}) {
    Canvas canvas(PictureFormat::kSvg, 100, 20, kWhite);
    show_text(canvas.cairo(), 0, 10, text);
    EXPECT_TRUE(has_text(canvas.finish(), shown)) << shown;
  }
  Canvas canvas(PictureFormat::kPng, 100, 20, kWhite);
  show_text(canvas.cairo(), 0, 10, "caf\xE9");
  EXPECT_NO_THROW(canvas.finish());
}

TEST(Text, IsShortenedInTheMiddle) {
  Canvas canvas(PictureFormat::kPng, 10, 10, kWhite);
  cairo_t* cairo = canvas.cairo();
  const std::string name = "clinical_case_0012";
  const double whole = text_width(cairo, name);
  EXPECT_EQ(shortened(cairo, name, whole), name);
  const std::string shorter = shortened(cairo, name, 0.7 * whole);
  EXPECT_LE(text_width(cairo, shorter), 0.7 * whole);
  EXPECT_EQ(shorter.substr(0, 4), "clin");
  EXPECT_NE(shorter.find("..."), std::string::npos);
  EXPECT_EQ(shorter.substr(shorter.size() - 4), "0012");
  EXPECT_EQ(shortened(cairo, name, 1), "");
  // Never half of a character: each e acute is two bytes.
  const std::string accents = "\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9";
  const std::string cut = shortened(cairo, accents, 0.8 * text_width(cairo, accents));
  EXPECT_EQ((cut.size() - 3) % 2, 0U);
  EXPECT_EQ(cut.find('?'), std::string::npos);
}

}  // namespace
}  // namespace hepar
