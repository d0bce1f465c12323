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

TEST(PictureBytes, CountsPicturesAsBase64AndOutlines) {
  ReportDocument one = document();
  EXPECT_EQ(picture_bytes(one), 9U * 400);
  one.cases[0].lesions[0].stack.slices[0].outlines = {{"liver", {{{1, 1}, {2, 2}}}}};
  EXPECT_EQ(picture_bytes(one), 9U * 400 + 2 * 8);
  one.summary.push_back({"", {}, {}, {{"", "", "image/png", "four"}}});  // 4 bytes are 8 characters
  EXPECT_EQ(picture_bytes(one), 9U * 400 + 2 * 8 + 8);
}

TEST(TrimSlices, LeavesWhatFits) {
  ReportDocument one = document();
  EXPECT_EQ(trim_slices(one, 3600), "");
  EXPECT_EQ(labels(one.cases[0].lesions[0]).size(), 5U);
}

TEST(TrimSlices, TakesTheOutermostOfTheLongestStacksFirst) {
  ReportDocument one = document();
  EXPECT_THAT(trim_slices(one, 3599), testing::HasSubstr("1 slices were left out;"));
  // The centre is slice 2: of 0 and 4, as far away as each other, the lower one goes.
  EXPECT_THAT(labels(one.cases[0].lesions[0]), testing::ElementsAre("1", "2", "3", "4"));
  EXPECT_EQ(one.cases[0].lesions[0].stack.first_shown, 1U);
  // Down to one slice each.
  EXPECT_THAT(trim_slices(one, 1200), testing::Not(testing::HasSubstr("have none")));
  EXPECT_THAT(labels(one.cases[0].lesions[0]), testing::ElementsAre("2"));
  EXPECT_THAT(labels(one.cases[1].lesions[0]), testing::ElementsAre("0"));
  EXPECT_EQ(one.cases[0].lesions[0].stack.first_shown, 0U);
}

TEST(TrimSlices, EmptiesStacksFromTheLastCaseBackwards) {
  ReportDocument one = document();
  EXPECT_THAT(trim_slices(one, 500), testing::HasSubstr("2 lesions have none"));
  EXPECT_THAT(labels(one.cases[0].lesions[0]), testing::ElementsAre("2"));
  EXPECT_TRUE(labels(one.cases[0].lesions[1]).empty());
  EXPECT_TRUE(labels(one.cases[1].lesions[0]).empty());
}

}  // namespace
}  // namespace hepar
