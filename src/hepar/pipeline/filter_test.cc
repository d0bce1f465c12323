// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hepar/core/error.h"

namespace hepar {
namespace {

LabelMap row(std::initializer_list<std::uint8_t> values) {
  LabelMap labels({.size = {static_cast<std::int64_t>(values.size()), 1, 1}});
  std::copy(values.begin(), values.end(), labels.voxels().begin());
  return labels;
}

TEST(AdoptLabels, HeparsOwnMapStaysAsItIs) {
  LabelMap labels = row({0, 1, 2, 3});
  std::vector<std::string> notes;
  adopt_labels(labels, 2, notes);
  EXPECT_THAT(labels.voxels(), testing::ElementsAre(0, 1, 2, 3));
  EXPECT_TRUE(notes.empty());
}

TEST(AdoptLabels, AnotherTumourLabelBecomesTwoAndStrangersAreNamed) {
  LabelMap labels = row({0, 1, 2, 7, 9});
  std::vector<std::string> notes;
  adopt_labels(labels, 9, notes);
  EXPECT_THAT(labels.voxels(), testing::ElementsAre(0, 1, 0, 0, 2));
  ASSERT_EQ(notes.size(), 1U);
  EXPECT_THAT(notes[0], testing::HasSubstr("labels 2, 7 of the input"));
}

TEST(AdoptLabels, TumourMayBeLabelOneAlone) {
  LabelMap labels = row({0, 1, 1});
  std::vector<std::string> notes;
  adopt_labels(labels, 1, notes);
  EXPECT_THAT(labels.voxels(), testing::ElementsAre(0, 2, 2));
}

TEST(AdoptLabels, MissingTumourLabelNamesWhatIsThere) {
  LabelMap labels = row({0, 1, 5});
  std::vector<std::string> notes;
  try {
    adopt_labels(labels, 2, notes);
    FAIL() << "no exception";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("holds the labels 1, 5"));
  }
  LabelMap empty = row({0, 0});
  EXPECT_THROW(adopt_labels(empty, 2, notes), Error);
}

TEST(CaseText, NamesEachVerdictAndFitsOneScreen) {
  CaseResult result;
  for (int id = 1; id <= 30; ++id) {
    LesionRegion region;
    region.id = id;
    region.verdict = id == 1 ? Verdict::kCalledCyst : Verdict::kCalledTumour;
    region.reason = "because";
    result.lesions.regions.push_back(region);
  }
  const std::string text = case_text(result, "out");
  EXPECT_THAT(text, testing::HasSubstr("30 regions by the evidence rule: 29 tumour, 1 cyst, 0 doubtful"));
  EXPECT_THAT(text, testing::HasSubstr("and 20 smaller ones"));
  EXPECT_LT(std::count(text.begin(), text.end(), '\n'), 24);
}

}  // namespace
}  // namespace hepar
