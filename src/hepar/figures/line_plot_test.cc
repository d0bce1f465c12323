// SPDX-License-Identifier: Apache-2.0
#include "hepar/figures/line_plot.h"

#include <cmath>

#include "hepar/core/error.h"
#include "hepar/figures/test_picture.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;

class LinePlotFile : public PictureFolder {
 protected:
  Picture draw(const LinePlot& plot) const {
    write_line_plot(folder_ / "plot.png", plot);
    Picture picture(read_text_file(folder_ / "plot.png"));
    EXPECT_EQ(picture.width(), 760);
    EXPECT_EQ(picture.height(), 480);
    return picture;
  }
};

LinePlot two_lines() {
  return {.title = "Two lines",
          .x_label = "regions",
          .y_label = "time (s)",
          .series = {{"rising", {{0, 0}, {10, 10}}}, {"level", {{0, 5}, {10, 5}}}}};
}

TEST_F(LinePlotFile, PutsPointsWhereTheAxesSay) {
  // Both axes run from 0 to 10; the field reaches from x 76 to 736 and from y 424 up to 66. A quarter along
  // the rising line: x = 76 + 165, y = 424 - 89.5; its colour is the first one, (0, 114, 178).
  const Picture picture = draw(two_lines());
  EXPECT_EQ(picture.at(241, 334), 0x0072B2U);
  // The level line at the same x: y = 424 - 179, colour (213, 94, 0).
  EXPECT_EQ(picture.at(241, 244), 0xD55E00U);
  EXPECT_EQ(picture.at(300, 400), 0xFFFFFFU);  // paper
  EXPECT_EQ(picture.at(85, 48), 0x0072B2U);    // the legend's first line
}

TEST_F(LinePlotFile, DrawsNoLineOutsideTheField) {
  LinePlot plot = two_lines();
  plot.series[0].name = plot.series[1].name = "";
  const Picture picture = draw(plot);
  for (int y = 60; y < 440; ++y) {
    EXPECT_EQ(picture.at(36, y), 0xFFFFFFU) << y;  // between the numbers and the y label
  }
}

TEST_F(LinePlotFile, DrawsPowersAsAStraightLineOnLogarithmicAxes) {
  // y = x^2 from (1, 1) to (100, 10000): the middle of the field is (10, 100).
  LinePlot plot;
  plot.x_label = "x";
  plot.log_x = plot.log_y = true;
  plot.series = {{"", {{1, 1}, {100, 10000}}}};
  const Picture picture = draw(plot);
  EXPECT_EQ(picture.at(405, 245), 0x0072B2U);  // 76 + 330, 424 - 179
  EXPECT_EQ(picture.at(85, 48), 0xFFFFFFU);    // no names, no legend
}

TEST_F(LinePlotFile, WritesSvgOfTheSameSizeAndTheSameBytesAgain) {
  write_line_plot(folder_ / "a.svg", two_lines());
  const std::string text = read_text_file(folder_ / "a.svg");
  EXPECT_NE(text.find("<svg"), std::string::npos);
  EXPECT_NE(text.find("width=\"760px\" height=\"480px\""), std::string::npos) << text.substr(0, 300);
  EXPECT_NE(text.find("</svg>"), std::string::npos);
  write_line_plot(folder_ / "b.png", two_lines());
  write_line_plot(folder_ / "c.png", two_lines());
  EXPECT_EQ(read_text_file(folder_ / "b.png"), read_text_file(folder_ / "c.png"));
  EXPECT_EQ(draw_line_plot(two_lines(), PictureFormat::kSvg), text);
  EXPECT_TRUE(has_text(text, "Two lines"));
}

TEST_F(LinePlotFile, RefusesWhatCannotBeDrawn) {
  const auto refuses = [&](const std::string& name, const LinePlot& plot) {
    EXPECT_THROW(write_line_plot(folder_ / name, plot), Error);
    EXPECT_FALSE(fs::exists(folder_ / name));
  };
  refuses("plot.pdf", two_lines());
  refuses("plot.png", {});
  LinePlot plot = two_lines();
  plot.log_y = true;  // one point lies at 0
  refuses("plot.png", plot);
  plot = two_lines();
  plot.series[0].points[0].x = std::nan("");
  refuses("plot.png", plot);
}

}  // namespace
}  // namespace hepar
