// SPDX-License-Identifier: Apache-2.0
#include "hepar/figures/bland_altman.h"

#include <cmath>

#include "hepar/core/error.h"
#include "hepar/figures/test_picture.h"

namespace hepar {
namespace {

using BlandAltmanFile = PictureFolder;

AgreementPlot three_points() { return {"t", "volume", "mL", {{"a", 10, 8}, {"b", 20, 22}, {"c", 30, 30}}}; }

// n points without a difference at 20 and 90, and `far` more that measure 9 too much.
AgreementPlot outliers(int n, int far) {
  AgreementPlot plot{"t", "volume", "mL", {}};
  for (int i = 0; i < n; ++i) plot.points.push_back({"near", 20.0 + 70 * (i % 2), 20.0 + 70 * (i % 2)});
  for (int i = 0; i < far; ++i) plot.points.push_back({"far" + std::to_string(i), 59, 50});
  return plot;
}

TEST(BlandAltman, DrawsDifferencesAgainstMeans) {
  // Differences 2, -2, 0: bias 0, SD 2, limits +-3.92; axis -4 to 4. Means 9, 21, 30; axis 0 to 30. The field
  // reaches from x 76 to 624 and from y 424 up to 66.
  const Picture picture(draw_bland_altman(three_points(), PictureFormat::kPng));
  EXPECT_TRUE(picture.shows(240, 155, kInkPixel));   // (9, 2): 76 + 0.3 * 548, 424 - 0.75 * 358
  EXPECT_TRUE(picture.shows(459, 334, kInkPixel));   // (21, -2): 76 + 0.7 * 548, 424 - 0.25 * 358
  EXPECT_TRUE(picture.shows(150, 244, kBluePixel));  // bias 0
  // The limits at 424 - (4 +- 3.92) / 8 * 358 = 69.6 and 420.4, dashed.
  for (const int y : {69, 420}) {
    const int drawn = picture.count(kVermilionPixel, 77, y, 623, y + 1);
    EXPECT_GT(drawn, 200) << y;
    EXPECT_LT(drawn, 400) << y;
  }
}

TEST(BlandAltman, WritesBiasAndLimits) {
  const std::string svg = draw_bland_altman(three_points(), PictureFormat::kSvg);
  EXPECT_TRUE(has_text(svg, "bias: 0"));
  EXPECT_TRUE(has_text(svg, "+1.96 SD: 3.92"));
  EXPECT_TRUE(has_text(svg, "-1.96 SD: -3.92"));
  EXPECT_TRUE(has_text(svg, "volume, mean of both (mL)"));
  EXPECT_FALSE(has_text(svg, "a"));  // all points lie within the limits
}

TEST(BlandAltman, HasNoLimitsForOnePoint) {
  const std::string svg = draw_bland_altman({"", "volume", "mL", {{"a", 3, 1}}}, PictureFormat::kSvg);
  EXPECT_TRUE(has_text(svg, "bias: 2"));
  EXPECT_EQ(svg.find(" SD"), std::string::npos);
}

TEST(BlandAltman, NamesThePointsOutside) {
  // 20 differences of 0 and one of 9: bias 0.4286, SD sqrt((20 * 0.4286^2 + 8.571^2) / 20) = 1.964, upper
  // limit 0.4286 + 1.96 * 1.964.
  const std::string svg = draw_bland_altman(outliers(20, 1), PictureFormat::kSvg);
  EXPECT_TRUE(has_text(svg, "far0"));
  EXPECT_FALSE(has_text(svg, "near"));
  EXPECT_TRUE(has_text(svg, "+1.96 SD: 4.28"));
}

TEST(BlandAltman, NamesAPointInTheCorner) {
  AgreementPlot plot{"t", "volume", "mL", {{"corner", 60, 50}}};
  for (int i = 0; i < 20; ++i) plot.points.push_back({"near", 50, 50});  // axes: 50 to 55 and -5 to 10 mL
  const std::string svg = draw_bland_altman(plot, PictureFormat::kSvg);
  for (const SvgText& text : texts_of(svg)) {
    if (text.text != "corner") continue;
    EXPECT_LE(text.x + text.width, 624);
    EXPECT_GE(text.y, 66 + 11);
    return;
  }
  FAIL() << "no name";
}

TEST(BlandAltman, LetsNamesNeverOverlap) {
  const std::string svg = draw_bland_altman(outliers(200, 9), PictureFormat::kSvg);
  std::vector<SvgText> names;
  for (const SvgText& text : texts_of(svg))
    if (text.text.substr(0, 3) == "far") names.push_back(text);
  EXPECT_EQ(names.size(), 4U);  // on four sides of the one place; the others are left out
  for (std::size_t a = 0; a < names.size(); ++a) {
    for (std::size_t b = 0; b < a; ++b) {
      const bool apart = names[a].x + names[a].width <= names[b].x ||
                         names[b].x + names[b].width <= names[a].x || std::abs(names[a].y - names[b].y) >= 12;
      EXPECT_TRUE(apart) << names[a].text << " " << names[b].text;
    }
  }
}

TEST(BlandAltman, KeepsTheValuesApartWhenTheLimitsAreClose) {
  std::vector<SvgText> levels;
  for (const SvgText& text : texts_of(draw_bland_altman(outliers(2000, 1), PictureFormat::kSvg))) {
    if (text.x == 632) levels.push_back(text);
  }
  ASSERT_EQ(levels.size(), 3U);
  EXPECT_LE(levels[0].y, levels[1].y - 15);
  EXPECT_LE(levels[1].y, levels[2].y - 15);
}

TEST_F(BlandAltmanFile, HasTheBytesDrawn) {
  write_bland_altman(folder_ / "a.svg", three_points());
  EXPECT_EQ(read_text_file(folder_ / "a.svg"), draw_bland_altman(three_points(), PictureFormat::kSvg));
}

TEST_F(BlandAltmanFile, RefusesWhatCannotBeDrawn) {
  const auto refuses = [&](const std::string& name, const AgreementPlot& plot) {
    EXPECT_THROW(write_bland_altman(folder_ / name, plot), Error);
    EXPECT_FALSE(std::filesystem::exists(folder_ / name));
  };
  refuses("a.jpg", three_points());
  refuses("a.png", {});
  AgreementPlot plot = three_points();
  plot.points[1].reference = std::nan("");
  refuses("a.png", plot);
}

}  // namespace
}  // namespace hepar
