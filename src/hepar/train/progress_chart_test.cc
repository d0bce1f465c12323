// SPDX-License-Identifier: Apache-2.0
#include "hepar/train/progress_chart.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <regex>
#include <set>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/train/test_dataset.h"

namespace hepar {
namespace {

namespace fs = std::filesystem;
using testing::ScratchFolder;

// A training of `count` epochs whose loss falls from 1 towards -0.8.
std::vector<EpochMetrics> training(int count) {
  std::vector<EpochMetrics> epochs;
  for (int n = 0; n < count; ++n) {
    const double done = static_cast<double>(n) / count, wave = 0.05 * std::sin(7.0 * n);
    EpochMetrics metrics;
    metrics.epoch = n;
    metrics.loss = 1.8 * std::exp(-5 * done) - 0.8 + wave;
    metrics.validation_loss = *metrics.loss + 0.1 - 2 * wave;
    metrics.pseudo_dice = 0.9 - 0.85 * std::exp(-6 * done) + wave;
    metrics.pseudo_dice_ema = 0.9 - 0.85 * std::exp(-5 * done);
    metrics.learning_rate = 0.01 * std::pow(1 - done, 0.9);
    metrics.seconds = 12.3 + 10 * wave;
    epochs.push_back(metrics);
  }
  return epochs;
}

// Points of the line with this class, by its commas.
std::ptrdiff_t points(const std::string& svg, const std::string& style) {
  const std::string begin = "<polyline class=\"line " + style + "\" points=\"";
  const std::size_t at = svg.find(begin);
  if (at == std::string::npos) return 0;
  const std::size_t start = at + begin.size();
  const std::string corners = svg.substr(start, svg.find('"', start) - start);
  return std::count(corners.begin(), corners.end(), ',');
}

bool has_text(const std::string& svg, const std::string& text) {
  return svg.find(">" + text + "</text>") != std::string::npos;
}

// Every element is closed by its own name, in order; attributes are quoted and no text has a bare & or <.
bool well_formed(const std::string& svg) {
  std::vector<std::string> open;
  const std::regex markup(R"re(<\?xml[^?]*\?>|<(/?)([a-z]+)((?: [a-zA-Z:-]+="[^"<&]*")*)(/?)>|([^<>&]+))re");
  std::size_t at = 0;
  for (std::sregex_iterator match(svg.begin(), svg.end(), markup), end; match != end; ++match) {
    if (static_cast<std::size_t>(match->position()) != at) return false;
    at += static_cast<std::size_t>(match->length());
    const std::string name = (*match)[2];
    if (name.empty()) continue;
    if ((*match)[1].length() > 0) {
      if (open.empty() || open.back() != name) return false;
      open.pop_back();
    } else if ((*match)[4].length() == 0) {
      open.push_back(name);
    }
  }
  return at == svg.size() && open.empty();
}

TEST(ProgressChart, IsWellFormed) {
  ASSERT_FALSE(well_formed("<svg><text>a</svg>"));
  ASSERT_FALSE(well_formed("<svg>a & b</svg>"));
  for (const int count : {1, 3, 1000}) EXPECT_TRUE(well_formed(progress_chart(training(count)))) << count;
}

TEST(ProgressChart, HasAPointForEveryEpochUntilThereAreTooMany) {
  for (const auto& [epochs, expected] : {std::pair{1, 1}, {3, 3}, {250, 250}, {251, 126}, {1000, 250}}) {
    const std::string svg = progress_chart(training(epochs));
    for (const char* style : {"loss", "validation", "dice", "ema", "plain"}) {
      EXPECT_EQ(points(svg, style), expected) << style << " of " << epochs;
    }
  }
  EXPECT_NE(progress_chart(training(1000)).find("mean of 4 epochs"), std::string::npos);
  EXPECT_EQ(progress_chart(training(250)).find("mean of"), std::string::npos);
}

TEST(ProgressChart, PutsTheEndsOfALineOnTheCornersOfItsPanel) {
  // Losses 0 and 2: the axis goes from 0 to 2. The panel is 740 x 300 at (80, 50).
  EpochMetrics first, last;
  first.loss = 2;
  last.epoch = 10;
  last.loss = 0;
  EXPECT_NE(progress_chart({first, last}).find("points=\"80.0,50.0 820.0,350.0\""), std::string::npos);
}

TEST(ProgressChart, AxesHaveRoundNumbers) {
  const std::string svg = progress_chart(training(1000));
  for (const char* tick : {"0", "100", "1.0", "-0.5", "0.0", "0.2", "0.010", "0.005", "10"})
    EXPECT_TRUE(has_text(svg, tick)) << tick;
  EXPECT_FALSE(has_text(svg, "-0"));
  for (const char* name : {"epoch", "loss", "pseudo-Dice", "learning rate", "seconds per epoch"})
    EXPECT_TRUE(has_text(svg, name)) << name;
  // Of one epoch only its own number stands below.
  const std::string one = progress_chart(training(1));
  EXPECT_TRUE(has_text(one, "0"));
  EXPECT_FALSE(has_text(one, "1"));
}

TEST(ProgressChart, LeavesOutWhatIsNotThere) {
  EpochMetrics bare;
  bare.loss = 0.5;
  const std::string svg = progress_chart({bare});
  EXPECT_TRUE(has_text(svg, "loss"));
  for (const char* name : {"validation loss", "pseudo-Dice", "learning rate", "seconds per epoch"})
    EXPECT_FALSE(has_text(svg, name)) << name;
  EXPECT_TRUE(well_formed(progress_chart({EpochMetrics{}})));
  EXPECT_THROW(progress_chart({}), Error);
}

class MetricsTest : public ::testing::Test {
 protected:
  MetricsTest() : folder_("hepar_progress") {}
  fs::path write(const std::string& text) const {
    write_text_file(folder_.path() / "metrics.jsonl", text);
    return folder_.path() / "metrics.jsonl";
  }
  ErrorCode failure(const std::string& text) const {
    try {
      read_metrics(write(text));
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::kInternal;
  }
  ScratchFolder folder_;
};

TEST_F(MetricsTest, ReadsOneObjectALine) {
  const auto epochs = read_metrics(write(
      "{\"epoch\": 0, \"loss\": -0.5, \"validation_loss\": -0.4, \"pseudo_dice\": 0.7, "
      "\"pseudo_dice_ema\": 0.68, \"learning_rate\": 0.0099, \"seconds\": 12.3, \"waiting_share\": 0.01}\n"
      "{\"epoch\": 1, \"pseudo_dice\": null}\n"));
  ASSERT_EQ(epochs.size(), 2U);
  EXPECT_EQ(epochs[0].loss, -0.5);
  EXPECT_EQ(epochs[0].validation_loss, -0.4);
  EXPECT_EQ(epochs[0].pseudo_dice, 0.7);
  EXPECT_EQ(epochs[0].pseudo_dice_ema, 0.68);
  EXPECT_EQ(epochs[0].learning_rate, 0.0099);
  EXPECT_EQ(epochs[0].seconds, 12.3);
  EXPECT_EQ(epochs[1].epoch, 1);
  EXPECT_EQ(epochs[1].pseudo_dice, std::nullopt);
}

TEST_F(MetricsTest, IgnoresAnIncompleteLastLineAndTakesTheLastOfAnEpoch) {
  const auto epochs = read_metrics(
      write("{\"epoch\": 1, \"loss\": 3}\n{\"epoch\": 0, \"loss\": 2}\n{\"epoch\": 1, \"loss\": 1}\n{\"epo"));
  ASSERT_EQ(epochs.size(), 2U);
  EXPECT_EQ(epochs[0].loss, 2);
  EXPECT_EQ(epochs[1].loss, 1);
}

TEST_F(MetricsTest, RefusesWhatIsNoEpoch) {
  EXPECT_EQ(failure("{\"epoch\": 0}\n{\"epo\n{\"epoch\": 1}\n"), ErrorCode::kCorrupt);
  EXPECT_EQ(failure("{\"loss\": 0}\n"), ErrorCode::kCorrupt);
  EXPECT_EQ(failure("{\"epoch\": 0, \"loss\": \"low\"}\n"), ErrorCode::kCorrupt);
}

TEST_F(MetricsTest, WritesTheChartBesideThem) {
  write("{\"epoch\": 0, \"loss\": -0.5}\n");
  write_progress_chart(folder_.path());
  EXPECT_EQ(points(read_text_file(folder_.path() / "progress.svg"), "loss"), 1);
}

TEST_F(MetricsTest, NoFileIsMissing) {
  try {
    write_progress_chart(folder_.path() / "nowhere");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kMissing);
  }
  EXPECT_FALSE(fs::exists(folder_.path() / "progress.svg"));
}

}  // namespace
}  // namespace hepar
