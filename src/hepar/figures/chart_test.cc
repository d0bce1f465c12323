// SPDX-License-Identifier: Apache-2.0
#include "hepar/figures/chart.h"

#include "hepar/figures/test_picture.h"

namespace hepar {
namespace {

using Names = std::vector<std::string>;
constexpr double kValues[] = {0, 10};
Axis numbers() { return Axis(kValues, false); }

// Every text lies within the canvas; turned text is checked by its end, which it is drawn from.
void expect_within(const std::string& svg, double width, double height) {
  for (const SvgText& text : texts_of(svg)) {
    EXPECT_GE(text.x, 0) << text.text;
    EXPECT_LE(text.y, height) << text.text;
    if (!text.turned) {
      EXPECT_LE(text.x + text.width, width) << text.text;
    }
  }
}

TEST(Chart, HasItsUsualFieldWithShortLettering) {
  Canvas canvas(PictureFormat::kPng, kChartWidth, kChartHeight, kPaper);
  const Chart chart(canvas, numbers(), numbers(),
                    {.title = "t", .x_label = "x", .y_label = "y", .note = "", .legend = {}});
  EXPECT_EQ(chart.x(0), 76);
  EXPECT_EQ(chart.x(10), 736);
  EXPECT_EQ(chart.y(0), 424);
  EXPECT_EQ(chart.y(10), 66);
}

TEST(Chart, LiesInItsPartOfTheCanvas) {
  Canvas canvas(PictureFormat::kPng, 1000, 800, kPaper);
  const Chart chart(canvas, {500, 400, 500, 400}, numbers(), numbers(),
                    {.title = "", .x_label = "x", .y_label = "", .note = "", .legend = {}}, 100);
  EXPECT_EQ(chart.field().left, 576);
  EXPECT_EQ(chart.field().top, 466);
  EXPECT_EQ(chart.field().right(), 900);
  EXPECT_EQ(chart.field().bottom(), 744);
}

TEST(Chart, TurnsNamesThatWouldCollide) {
  const Names few{"a name of usual length", "another of that length"};
  Names many = few;
  for (int n = 0; n < 10; ++n) many.push_back("a name of usual length");
  const auto draw = [](const Names& names) {
    Canvas canvas(PictureFormat::kSvg, kChartWidth, kChartHeight, kPaper);
    const Chart chart(canvas, Axis(names), numbers(),
                      {.title = "", .x_label = "x", .y_label = "", .note = "", .legend = {}});
    chart.draw();
    return std::pair{chart.field().bottom(), canvas.finish()};
  };
  const auto [low, upright] = draw(few);
  EXPECT_EQ(low, 424);
  EXPECT_EQ(upright.find("rotate(-45"), std::string::npos);
  const auto [high, turned] = draw(many);
  EXPECT_LT(high, 360);  // about 140 pixels of text at 45 degrees are 100 high
  EXPECT_NE(turned.find("rotate(-45"), std::string::npos);
  expect_within(turned, kChartWidth, kChartHeight);
}

TEST(Chart, ShortensWhatIsTooLong) {
  const std::string endless(300, 'w');
  Canvas canvas(PictureFormat::kSvg, kChartWidth, kChartHeight, kPaper);
  const Chart chart(
      canvas, Axis(Names{endless, endless}), Axis(Names{endless, "b"}),
      {.title = endless, .x_label = endless, .y_label = endless, .note = endless, .legend = {}});
  chart.draw();
  EXPECT_EQ(chart.field().left, 190 + 36);
  const std::string svg = canvas.finish();
  expect_within(svg, kChartWidth, kChartHeight);
  EXPECT_EQ(texts_of(svg).size(), 1U + 1 + 2 + 2 + 2);  // title, note, two names each way, two axes
}

TEST(Chart, MakesRoomForALegendOfTwoLines) {
  std::vector<LegendEntry> legend;
  for (std::size_t n = 0; n < 8; ++n) legend.push_back({"a name of usual length", series_line(n), n});
  Canvas canvas(PictureFormat::kSvg, kChartWidth, kChartHeight, kPaper);
  const Chart chart(canvas, numbers(), numbers(),
                    {.title = "", .x_label = "x", .y_label = "", .note = "", .legend = legend});
  EXPECT_EQ(chart.y(10), 66 + 2 * 18);  // 8 entries of about 195 pixels: 3 in a line of 660
}

TEST(Chart, DrawsNoGridForNames) {
  Canvas canvas(PictureFormat::kPng, kChartWidth, kChartHeight, kPaper);
  const Chart chart(canvas, Axis(Names{"one"}), numbers(),
                    {.title = "", .x_label = "x", .y_label = "", .note = "", .legend = {}});
  chart.draw();
  const Picture picture(canvas.finish());
  EXPECT_EQ(chart.x(0), 406);  // the middle
  EXPECT_EQ(picture.at(406, 300), kWhitePixel);
  EXPECT_EQ(picture.at(405, 300), kWhitePixel);
  EXPECT_NE(picture.at(300, 209), kWhitePixel);  // the tick of 6: 424 - 0.6 * 358 = 209.2
}

}  // namespace
}  // namespace hepar
