// SPDX-License-Identifier: Apache-2.0
#include "hepar/figures/box_plot.h"

#include <cmath>

#include "hepar/core/error.h"
#include "hepar/figures/test_picture.h"

namespace hepar {
namespace {

using BoxPlotFile = PictureFolder;

Picture draw(const BoxPlot& plot) { return Picture(draw_box_plot(plot, PictureFormat::kPng)); }

// Without an x label the field reaches from x 76 to 736 and from y 446 up to 66; one group has its middle at
// 406. The axis of 0 to 20 has 380 / 20 = 19 pixels a unit.
double y(double value) { return 446 - 19 * value; }

TEST(BoxPlot, DrawsTukeysBox) {
  // By definition 7 of ten values the quartiles lie at 2.25, 4.5 and 6.75 steps: 2.25, 4.5, 6.75. The reach
  // of 1.5 * 4.5 ends at 13.5, so the whiskers end at 0 and 8. The mean is 56 / 10.
  const Picture picture = draw({"", "mm", {{"g", {20, 3, 1, 0, 5, 4, 7, 2, 6, 8}}}, {}, {}});
  EXPECT_EQ(picture.width(), 760);
  EXPECT_EQ(picture.height(), 480);
  const auto row = [](double value) { return static_cast<int>(y(value)); };
  EXPECT_GT(picture.count(kInkPixel, 358, row(4.5), 454, row(4.5) + 1), 80);     // 96 but for points
  EXPECT_GT(picture.count(kBluePixel, 358, row(6.75), 454, row(6.75) + 1), 80);  // box, 96 wide, full rows
  EXPECT_GT(picture.count(kBluePixel, 358, row(2.25), 454, row(2.25) + 1), 80);
  EXPECT_TRUE(picture.shows(406, row(5.6), kWhitePixel));  // the diamond is hollow
  EXPECT_NE(picture.at(390, row(8)), kWhitePixel);         // whisker's end
  // No whisker reaches on, looked at between the grid's lines at 15 and 10.
  EXPECT_EQ(picture.count(kWhitePixel, 396, row(14.5), 416, row(10.5)), 20 * (row(10.5) - row(14.5)));
  EXPECT_LT(picture.count(kWhitePixel, 396, row(7.8), 416, row(6.9)), 20 * (row(6.9) - row(7.8)));
  // The first value is drawn half the spread of 1.5 * 48 pixels to the left: at (370, y(20) = 66).
  EXPECT_EQ(picture.at(370, 67), kBluePixel);
}

TEST(BoxPlot, DrawsNoWhiskerWithoutAValueWithinReach) {
  // Both quartiles are 10, so the reach is 0 and the values 0 and 20 are beyond it.
  const Picture picture = draw({"", "", {{"g", {0, 10, 10, 10, 10, 10, 20}}}, {}, {}});
  const int top = static_cast<int>(y(14.5)), bottom = static_cast<int>(y(10.5));
  EXPECT_EQ(picture.count(kWhitePixel, 396, top, 416, bottom), 20 * (bottom - top));
}

TEST(BoxPlot, DrawsPointsOnlyForFewerThanFive) {
  const std::vector<double> four{1, 5, 15, 20};
  const Picture points = draw({"", "", {{"g", four}}, {}, {}});
  EXPECT_EQ(points.count(kInkPixel, 358, 80, 454, 430), 0);
  EXPECT_EQ(points.at(370, static_cast<int>(y(1))), kBluePixel);
  std::vector<double> five = four;
  five.push_back(10);
  EXPECT_GT(draw({"", "", {{"g", five}}, {}, {}}).count(kInkPixel, 358, 80, 454, 430), 90);
}

TEST(BoxPlot, ReachesTheRangeAskedFor) {
  // Axis 0 to 1: 0.8 lies at 446 - 0.8 * 380 = 142.
  const Picture picture = draw({"", "DSC", {{"g", {0.8}}}, 0.0, 1.0});
  EXPECT_EQ(picture.at(370, 142), kBluePixel);
}

TEST(BoxPlot, TellsTheNumberOfValues) {
  const std::string svg =
      draw_box_plot({"title", "", {{"LiTS", {1, 2, 3}}, {"none", {}}}, {}, {}}, PictureFormat::kSvg);
  EXPECT_TRUE(has_text(svg, "LiTS (n = 3)"));
  EXPECT_TRUE(has_text(svg, "none (n = 0)"));
  EXPECT_TRUE(has_text(svg, "title"));
}

TEST(BoxPlot, GrowsWithTheNumberOfGroups) {
  BoxPlot plot{"", "", {}, {}, {}};
  plot.groups.resize(40, {"g", {1, 2}});
  EXPECT_EQ(draw(plot).width(), 100 + 40 * 33);
}

TEST_F(BoxPlotFile, HasTheBytesDrawn) {
  const BoxPlot plot{"", "", {{"g", {1, 2, 3, 4, 5, 9}}}, {}, {}};
  write_box_plot(folder_ / "a.png", plot);
  write_box_plot(folder_ / "a.svg", plot);
  EXPECT_EQ(read_text_file(folder_ / "a.png"), draw_box_plot(plot, PictureFormat::kPng));
  EXPECT_EQ(read_text_file(folder_ / "a.svg"), draw_box_plot(plot, PictureFormat::kSvg));
}

TEST_F(BoxPlotFile, RefusesWhatCannotBeDrawn) {
  const auto refuses = [&](const std::string& name, const BoxPlot& plot) {
    EXPECT_THROW(write_box_plot(folder_ / name, plot), Error);
    EXPECT_FALSE(std::filesystem::exists(folder_ / name));
  };
  refuses("a.pdf", {"", "", {{"g", {1}}}, {}, {}});
  refuses("a.png", {});
  refuses("a.png", {"", "", {{"g", {}}}, 0.0, 1.0});
  refuses("a.png", {"", "", {{"g", {1, std::nan("")}}}, {}, {}});
}

}  // namespace
}  // namespace hepar
