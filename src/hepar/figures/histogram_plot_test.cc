// SPDX-License-Identifier: Apache-2.0
#include "hepar/figures/histogram_plot.h"

#include <cmath>

#include "hepar/core/error.h"
#include "hepar/figures/test_picture.h"

namespace hepar {
namespace {

using HistogramPlotFile = PictureFolder;
constexpr std::uint32_t kBarPixel = 0xC7D1DE;  // 0.78, 0.82, 0.87 of 255

// The middle 99 % of the voxels reach from 0.5 to 3.5 HU, so the axis is 0 to 4 HU, and 0 to 20 voxels. One
// panel's field reaches from x 76 to 736 and from y 424 up to 126: 165 pixels a HU, 14.9 a voxel.
HistogramPlot one_region() { return {"t", {{"r", 0, {0, 10, 20, 10, 0}, {}, {}}}, {}}; }

TEST(HistogramPlot, DrawsBinsOfOneHuAroundWholeNumbers) {
  const Picture picture(draw_histogram_plot(one_region(), PictureFormat::kPng));
  EXPECT_EQ(picture.width(), 760);
  EXPECT_EQ(picture.height(), 480);
  EXPECT_EQ(picture.at(365, 130), kBarPixel);    // 1.75 HU, 19.7 voxels: in the bin of 2
  EXPECT_EQ(picture.at(200, 280), kBarPixel);    // 0.75 HU, 9.7 voxels: in the bin of 1
  EXPECT_EQ(picture.at(200, 268), kWhitePixel);  // 10.5 voxels
  EXPECT_EQ(picture.at(140, 400), kWhitePixel);  // 0.39 HU
  EXPECT_EQ(picture.at(680, 400), kWhitePixel);  // 3.66 HU
}

TEST(HistogramPlot, DrawsTheSmoothedLineOverTheBins) {
  HistogramPlot plot = one_region();
  plot.regions[0].smoothed = {5, 5, 5, 5, 5};  // y = 424 - 5 * 14.9 = 349.5
  const Picture picture(draw_histogram_plot(plot, PictureFormat::kPng));
  EXPECT_EQ(picture.count(kBluePixel, 80, 349, 730, 350), 650);
}

TEST(HistogramPlot, DrawsTheCurveOfFormula2) {
  // The peak is A / (sqrt(2 pi) S): 10 at A = 10 * 2.5066 * 0.5. It lies at (406, 275); half a HU, one S,
  // beside it the curve is exp(-0.5) of that: y = 424 - 6.0653 * 14.9 = 333.63 at 406 +- 82.5.
  HistogramPlot plot = one_region();
  plot.regions[0].curve = HistogramCurve{12.533, 2, 0.5};
  const std::string svg = draw_histogram_plot(plot, PictureFormat::kSvg);
  for (const char* point : {" 406 275", " 323.5 333.6", " 488.5 333.6"}) {
    EXPECT_NE(svg.find(point), std::string::npos) << point;
  }
  EXPECT_TRUE(has_text(svg, "A = 13, M = 2.0 HU, S = 0.5 HU"));
  EXPECT_TRUE(has_text(svg, "fitted curve"));
  const Picture picture(draw_histogram_plot(plot, PictureFormat::kPng));
  EXPECT_GT(picture.count(kVermilionPixel, 300, 270, 510, 400), 100);
}

TEST(HistogramPlot, DrawsTheThreshold) {
  HistogramPlot plot = one_region();
  EXPECT_FALSE(has_text(draw_histogram_plot(plot, PictureFormat::kSvg), "threshold 2.5 HU"));
  plot.threshold_hu = 2.5;  // x = 76 + 2.5 * 165 = 488.5
  EXPECT_TRUE(has_text(draw_histogram_plot(plot, PictureFormat::kSvg), "threshold 2.5 HU"));
  const Picture picture(draw_histogram_plot(plot, PictureFormat::kPng));
  const int drawn = picture.count(kInkPixel, 488, 127, 489, 423);
  EXPECT_GT(drawn, 100);
  EXPECT_LT(drawn, 220);  // dashed
}

TEST(HistogramPlot, ShowsRegionsSideBySideOnOneAxis) {
  HistogramPlot plot = one_region();
  plot.regions.push_back({"s", 100, {1, 1, 1}, {}, {}});
  const std::string svg = draw_histogram_plot(plot, PictureFormat::kSvg);
  EXPECT_NE(svg.find("width=\"1000px\" height=\"450px\""), std::string::npos);
  int hundreds = 0;
  for (const SvgText& text : texts_of(svg)) hundreds += text.text == "100";
  EXPECT_EQ(hundreds, 2);  // both panels reach from the first region to the second
  EXPECT_TRUE(has_text(svg, "r"));
  EXPECT_TRUE(has_text(svg, "s"));
}

TEST(HistogramPlot, LeavesOutRareFarValues) {
  HistogramPlot plot = one_region();
  std::vector<double>& counts = plot.regions[0].counts;
  counts = {0, 1000, 2000, 1000, 0};
  counts.resize(3000, 0.0);
  counts.back() = 10;  // a quarter of a percent
  const std::string svg = draw_histogram_plot(plot, PictureFormat::kSvg);
  EXPECT_FALSE(has_text(svg, "3000"));
  EXPECT_LT(svg.size(), 20000U);  // nor are their bins in the file
}

TEST_F(HistogramPlotFile, HasTheBytesDrawn) {
  write_histogram_plot(folder_ / "a.png", one_region());
  EXPECT_EQ(read_text_file(folder_ / "a.png"), draw_histogram_plot(one_region(), PictureFormat::kPng));
}

TEST_F(HistogramPlotFile, RefusesWhatCannotBeDrawn) {
  const auto refuses = [&](const std::string& name, const HistogramPlot& plot) {
    EXPECT_THROW(write_histogram_plot(folder_ / name, plot), Error);
    EXPECT_FALSE(std::filesystem::exists(folder_ / name));
  };
  refuses("a.txt", one_region());
  refuses("a.png", {});
  const auto refuses_region = [&](auto spoil) {
    HistogramPlot plot = one_region();
    spoil(plot.regions[0]);
    refuses("a.png", plot);
  };
  refuses_region([](RegionHistogram& r) { r.counts = {0, 0}; });
  refuses_region([](RegionHistogram& r) { r.counts.clear(); });
  refuses_region([](RegionHistogram& r) { r.counts[1] = -1; });
  refuses_region([](RegionHistogram& r) { r.counts[1] = std::nan(""); });
  refuses_region([](RegionHistogram& r) { r.smoothed = {1, 2}; });
  refuses_region([](RegionHistogram& r) { r.smoothed = {1, 2, 3, 4, std::nan("")}; });
  refuses_region([](RegionHistogram& r) { r.curve = HistogramCurve{1, 2, 0}; });
  refuses_region([](RegionHistogram& r) { r.curve = HistogramCurve{1, std::nan(""), 1}; });
}

}  // namespace
}  // namespace hepar
