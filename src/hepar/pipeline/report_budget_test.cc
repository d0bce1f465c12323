// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/report_budget.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hepar {
namespace {

// Pictures of 300 bytes, which are 400 characters of base64; the label tells which slice it was.
ReportLesion lesion(std::size_t slices, std::size_t first_shown) {
  ReportLesion one;
  one.stack.first_shown = first_shown;
  for (std::size_t n = 0; n < slices; ++n) {
    one.stack.slices.push_back({std::to_string(n), "image/jpeg", std::string(300, 'x'), {}});
  }
  return one;
}

ReportDocument document() {
  ReportDocument document;
  document.cases.resize(2);
  document.cases[0].lesions = {lesion(5, 2), lesion(1, 0)};
  document.cases[1].lesions = {lesion(3, 0)};
  return document;
}

std::vector<std::string> labels(const ReportLesion& lesion) {
  std::vector<std::string> labels;
  for (const ReportSlice& slice : lesion.stack.slices) labels.push_back(slice.label);
  return labels;
}

TEST(TrimSlices, LeavesWhatNeedNotGo) {
  ReportDocument one = document();
  EXPECT_EQ(trim_slices(one, 0).slices, 0U);
  EXPECT_EQ(labels(one.cases[0].lesions[0]).size(), 5U);
}

TEST(TrimSlices, TakesTheOutermostOfTheLongestStacksFirst) {
  ReportDocument one = document();
  EXPECT_EQ(trim_slices(one, 1).slices, 1U);
  // The centre is slice 2: of 0 and 4, as far away as each other, the lower one goes.
  EXPECT_THAT(labels(one.cases[0].lesions[0]), testing::ElementsAre("1", "2", "3", "4"));
  EXPECT_EQ(one.cases[0].lesions[0].stack.first_shown, 1U);
  // 8 slices are left; 5 of 400 bytes each go until every stack has one.
  EXPECT_EQ(trim_slices(one, 2000).slices, 5U);
  EXPECT_THAT(labels(one.cases[0].lesions[0]), testing::ElementsAre("2"));
  EXPECT_THAT(labels(one.cases[1].lesions[0]), testing::ElementsAre("0"));
  EXPECT_EQ(one.cases[0].lesions[0].stack.first_shown, 0U);
}

TEST(TrimSlices, CountsOutlinesToo) {
  ReportDocument one = document();
  // A slice of 400 characters and 100 points weighs over 800: it alone is enough.
  one.cases[0].lesions[0].stack.slices[0].outlines = {{"liver", {std::vector<ReportPoint>(100)}}};
  EXPECT_EQ(trim_slices(one, 1000).slices, 1U);
}

TEST(TrimSlices, EmptiesStacksFromTheLastCaseBackwards) {
  ReportDocument one = document();
  const TrimmedSlices taken = trim_slices(one, 8 * 400);
  EXPECT_EQ(taken.slices, 8U);
  EXPECT_EQ(taken.bare_lesions, 2U);
  EXPECT_THAT(labels(one.cases[0].lesions[0]), testing::ElementsAre("2"));
  EXPECT_TRUE(labels(one.cases[0].lesions[1]).empty());
  EXPECT_TRUE(labels(one.cases[1].lesions[0]).empty());
}

TEST(FitPage, KeepsToTheSizeAndSaysSo) {
  ReportDocument one = document();
  one.title = "t", one.disclaimer = "d";
  one.summary.push_back({"s", {}, {}, {}});
  one.cases[0].name = "a", one.cases[1].name = "b";
  for (ReportCase& c : one.cases) {
    for (ReportLesion& lesion : c.lesions) lesion.stack.width = lesion.stack.height = 8;
  }
  const std::size_t whole = report_html(one).size();
  fit_page(one, whole);
  EXPECT_TRUE(one.summary[0].paragraphs.empty());
  fit_page(one, whole - 1000);
  EXPECT_LE(report_html(one).size(), whole - 1000 + 200);  // the sentence itself
  ASSERT_EQ(one.summary[0].paragraphs.size(), 1U);
  EXPECT_THAT(one.summary[0].paragraphs[0], testing::HasSubstr("--max-mb"));
}

}  // namespace
}  // namespace hepar
