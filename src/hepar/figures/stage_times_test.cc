// SPDX-License-Identifier: Apache-2.0
#include "hepar/figures/stage_times.h"

#include <cmath>

#include "hepar/core/error.h"
#include "hepar/figures/box_plot.h"
#include "hepar/figures/test_picture.h"

namespace hepar {
namespace {

using StageTimesFile = PictureFolder;

StageTimes two_cases() { return {"t", {"read", "network"}, {{"a", {1, 3}}, {"b", {2, 1}}}}; }

TEST(StageTimes, DrawsStagesOneAfterTheOther) {
  // The axis is 0 to 4 s; the field reaches from x 76 to 696 and from y 176 up to 66, so 155 pixels a second
  // and 55 a case, of which the bars take 16: around 93.5 and 148.5.
  const Picture picture(draw_stage_times(two_cases(), PictureFormat::kPng));
  EXPECT_EQ(picture.width(), 760);
  EXPECT_EQ(picture.height(), 180 + 2 * 26);
  EXPECT_EQ(picture.count(kBluePixel, 80, 93, 230, 94), 150);  // a: 0 to 1 s
  EXPECT_EQ(picture.count(kBluePixel, 232, 93, 690, 94), 0);
  // 1 to 4 s, hatched: of 6 pixels a slanting line touches 4 at most.
  EXPECT_GE(picture.count(kVermilionPixel, 232, 93, 690, 94), 458 / 6 * 2);
  EXPECT_LT(picture.count(kVermilionPixel, 232, 93, 690, 94), 458 / 6 * 5);
  EXPECT_EQ(picture.count(kBluePixel, 80, 148, 385, 149), 305);  // b: 0 to 2 s
  EXPECT_GE(picture.count(kVermilionPixel, 387, 148, 540, 149), 153 / 6 * 2);
  EXPECT_EQ(picture.count(kVermilionPixel, 542, 148, 690, 149), 0);  // ends at 3 s
  EXPECT_EQ(picture.at(150, 120), kWhitePixel);                      // between the bars
}

TEST(StageTimes, NamesCasesStagesAndSums) {
  const std::string svg = draw_stage_times(two_cases(), PictureFormat::kSvg);
  for (const char* text : {"a", "b", "read", "network", "4.00 s", "3.00 s", "time (s)"}) {
    EXPECT_TRUE(has_text(svg, text)) << text;
  }
}

TEST(StageTimes, SumsUpManyCasesAsABoxPlot) {
  StageTimes times = two_cases();
  BoxPlot summary{"t", "time (s)", {{"read", {1, 2}}, {"network", {3, 1}}, {"all", {4, 3}}}, 0.0, {}};
  for (int n = 0; n < 19; ++n) {
    times.cases.push_back({"c", {0.5, n + 0.25}});
    summary.groups[0].values.push_back(0.5);
    summary.groups[1].values.push_back(n + 0.25);
    summary.groups[2].values.push_back(n + 0.75);
  }
  EXPECT_EQ(draw_stage_times(times, PictureFormat::kSvg), draw_box_plot(summary, PictureFormat::kSvg));
  times.cases.pop_back();  // 20 still are bars
  EXPECT_TRUE(has_text(draw_stage_times(times, PictureFormat::kSvg), "a"));
}

TEST_F(StageTimesFile, HasTheBytesDrawn) {
  write_stage_times(folder_ / "a.svg", two_cases());
  EXPECT_EQ(read_text_file(folder_ / "a.svg"), draw_stage_times(two_cases(), PictureFormat::kSvg));
}

TEST_F(StageTimesFile, RefusesWhatCannotBeDrawn) {
  const auto refuses = [&](const std::string& name, const StageTimes& times) {
    EXPECT_THROW(write_stage_times(folder_ / name, times), Error);
    EXPECT_FALSE(std::filesystem::exists(folder_ / name));
  };
  refuses("a.gif", two_cases());
  refuses("a.png", {});
  refuses("a.png", {"t", {"read"}, {}});
  refuses("a.png", {"t", {}, {{"a", {}}}});
  refuses("a.png", {"t", {"read"}, {{"a", {1, 2}}}});
  refuses("a.png", {"t", {"read"}, {{"a", {-1}}}});
  refuses("a.png", {"t", {"read"}, {{"a", {std::nan("")}}}});
}

}  // namespace
}  // namespace hepar
