// SPDX-License-Identifier: Apache-2.0
#include "hepar/figures/gallery.h"

#include "hepar/core/error.h"
#include "hepar/figures/test_case.h"
#include "hepar/figures/test_picture.h"

namespace hepar {
namespace {

using GalleryFile = PictureFolder;

// The tumour of kLeftBox predicted, filtered to its right half and contoured by hand as a box of 40 mm around
// its middle. One panel shows 100 mm around that, 760 pixels wide: 7.6 a mm. Plane (145, 85) mm lies at pixel
// (10 + 380, 40 + 380).
SlicePanel panel_of(bool filtered, bool contoured) {
  TestCase c = TestCase::liver_only();
  LabelMap reference(c.ct.geometry());
  fill(c.before, kLeftBox, kTumour);
  c.after = c.before;
  fill(c.after, {{60, 30, 4}, {72, 55, 8}}, kCyst);
  fill(reference, {{62, 32, 4}, {82, 52, 8}}, kTumour);  // x 124 to 164 mm, y 64 to 104 mm
  SlicePanel panel =
      make_slice_panel(c.ct, {&c.before, filtered ? &c.after : nullptr, contoured ? &reference : nullptr},
                       kLeftCentre, 25.0, 100);
  panel.caption = "a case";
  return panel;
}
int px(double plane_mm) { return static_cast<int>(10 + 380 + 7.6 * (plane_mm - 145)); }
int py(double plane_mm) { return static_cast<int>(40 + 380 + 7.6 * (plane_mm - 85)); }

Picture draw(const std::vector<SlicePanel>& panels, int columns = 0) {
  return Picture(draw_gallery("title", panels, PictureFormat::kPng, columns));
}

TEST(Gallery, DrawsTheOutlinesInTheirColours) {
  const Picture picture = draw({panel_of(true, true)});
  EXPECT_EQ(picture.width(), 780);
  EXPECT_EQ(picture.height(), 40 + 760 + 42 + 10 + 34);
  constexpr std::uint32_t kGreen = 0x00CC33, kBlue = 0x1A59FF, kRed = 0xFF2626, kOrange = 0xFF9900;
  // Pixels of about that colour, as the lines do not end on whole pixels.
  const auto around = [&](std::uint32_t colour, double x_mm, double y_mm) {
    return picture.count(colour, px(x_mm) - 4, py(y_mm) - 20, px(x_mm) + 5, py(y_mm) + 20, 40);
  };
  EXPECT_GT(around(kGreen, 170, 90), 60);  // predicted, to either side of the blue
  EXPECT_GT(around(kBlue, 170, 90), 30);   // filtered
  EXPECT_EQ(around(kBlue, 120, 90), 0);    // the half that became cyst
  EXPECT_GT(around(kOrange, 120, 90), 20);
  EXPECT_LT(around(kOrange, 120, 90), 70);  // dashed: of 40 rows of about two pixels
  EXPECT_GT(around(kRed, 164, 90), 25);
  EXPECT_EQ(picture.at(px(150), py(85)), 0x808080U);  // 40 HU is half of the window
}

TEST(Gallery, DrawsTheManualOutlineOnTop) {
  SlicePanel panel = panel_of(false, true);
  panel.reference = panel.before;
  const Picture picture = draw({panel});
  EXPECT_GT(picture.count(0xFF2626, px(170) - 4, py(90) - 20, px(170) + 5, py(90) + 20, 40), 20);
  EXPECT_GT(picture.count(0x00CC33, px(170) - 4, py(90) - 20, px(170) + 5, py(90) + 20, 40), 60);
}

TEST(Gallery, HasAScaleBarOf50Mm) {
  // 380 pixels, 12 from the right and the bottom, 3 high; the rim around it is 1.5 wide inside too.
  const Picture picture = draw({panel_of(false, false)});
  const int bottom = 40 + 760 - 12, right = 10 + 760 - 12;
  EXPECT_EQ(picture.count(0xEDEDED, right - 378, bottom + 1, right - 2, bottom + 2), 376);
  EXPECT_EQ(picture.count(0xEDEDED, right - 390, bottom + 1, right - 381, bottom + 2), 0);
  EXPECT_EQ(picture.count(0xEDEDED, right + 1, bottom + 1, right + 12, bottom + 2), 0);
}

TEST(Gallery, TellsInTheLegendWhatIsDrawn) {
  const auto legend = [](bool filtered, bool contoured) {
    return draw_gallery("title", std::vector{panel_of(filtered, contoured)}, PictureFormat::kSvg);
  };
  const std::string plain = legend(false, false), full = legend(true, true);
  for (const char* text : {"title", "a case", "z 330.0 mm, slice 7 of 12 from the feet", "liver", "cyst",
                           "For research; not a medical device"}) {
    EXPECT_TRUE(has_text(plain, text)) << text;
    EXPECT_TRUE(has_text(full, text)) << text;
  }
  EXPECT_TRUE(has_text(plain, "predicted tumour"));
  EXPECT_FALSE(has_text(plain, "manual"));
  EXPECT_TRUE(has_text(full, "tumour before the filter"));
  EXPECT_TRUE(has_text(full, "tumour after"));
  EXPECT_TRUE(has_text(full, "manual"));
}

TEST(Gallery, ArrangesPanelsInColumns) {
  const std::vector<SlicePanel> five(5, panel_of(false, false));
  EXPECT_EQ(draw(five).width(), 3 * 450 + 10);
  EXPECT_EQ(draw(five).height(), 40 + 2 * (440 + 42 + 10) + 34);
  EXPECT_EQ(draw(five, 2).width(), 2 * 570 + 10);
  EXPECT_EQ(draw(five, 5).width(), 5 * 350 + 10);
  EXPECT_EQ(draw(five, 9).width(), 5 * 350 + 10);  // no empty columns
}

TEST(Gallery, ShortensCaptionsToTheirPanel) {
  std::vector<SlicePanel> panels(3, panel_of(false, false));
  for (SlicePanel& panel : panels) panel.caption = panel.sub_caption = std::string(200, 'w');
  for (const SvgText& text : texts_of(draw_gallery(std::string(300, 't'), panels, PictureFormat::kSvg))) {
    EXPECT_LE(text.width, text.text[0] == 't' ? 1360 : 440) << text.text;
  }
}

TEST(Gallery, KeepsSlicesOfAnSvgAsJpeg) {
  const std::vector<SlicePanel> panels(2, panel_of(true, true));
  const std::string svg = draw_gallery("t", panels, PictureFormat::kSvg);
  EXPECT_NE(svg.find("data:image/jpeg;base64,"), std::string::npos);
  EXPECT_EQ(svg.find("data:image/png"), std::string::npos);
  EXPECT_EQ(draw_gallery("t", panels, PictureFormat::kSvg), svg);
}

TEST_F(GalleryFile, HasTheBytesDrawn) {
  const std::vector<SlicePanel> panels{panel_of(true, false)};
  write_gallery(folder_ / "a.png", "t", panels);
  EXPECT_EQ(read_text_file(folder_ / "a.png"), draw_gallery("t", panels, PictureFormat::kPng));
  EXPECT_THROW(write_gallery(folder_ / "a.tif", "t", panels), Error);
  EXPECT_THROW(write_gallery(folder_ / "b.png", "t", {}), Error);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "b.png"));
}

}  // namespace
}  // namespace hepar
