// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/case_page.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "hepar/pipeline/test_case.h"
#include "hepar/pipeline/test_folder.h"

namespace hepar {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

std::vector<std::string> layers(const ReportSlice& slice) {
  std::vector<std::string> names;
  for (const ReportOutline& outline : slice.outlines) names.push_back(outline.layer);
  return names;
}

const ReportOutline& outline(const ReportSlice& slice, const std::string& layer) {
  return *std::find_if(slice.outlines.begin(), slice.outlines.end(),
                       [&](const ReportOutline& one) { return one.layer == layer; });
}

class CasePage : public ScratchFolder {
 protected:
  CasePageSource source() const {
    return {.name = "case",
            .group = {},
            .headline = {},
            .ct = root_ / "ct.nii.gz",
            .prediction = root_ / "case/labels.nii.gz",
            .reference = root_ / "truth.nii.gz",
            .evaluated = nullptr,
            .options = {},
            .tables = {}};
  }
};

TEST_F(CasePage, ShowsEachLesionWithSlicesAndOutlines) {
  write_filtered_case(root_, "case");
  const ReportCase page = make_case_page(source());
  ASSERT_THAT(page.lesions, SizeIs(2));
  const auto cyst = std::find_if(page.lesions.begin(), page.lesions.end(),
                                 [](const ReportLesion& lesion) { return lesion.verdict == "cyst"; });
  ASSERT_NE(cyst, page.lesions.end());
  const ReportSliceStack& stack = cyst->stack;
  // 9 slices at most; the ball's centre is slice 10, its reach 0.6 x 16 mm = 5 slices, so every second.
  ASSERT_THAT(stack.slices, SizeIs(5));
  EXPECT_EQ(stack.first_shown, 2U);
  EXPECT_THAT(stack.slices[2].label, HasSubstr("z 120.0 mm, slice 11 of 20"));
  const ReportSlice& middle = stack.slices[2];
  EXPECT_THAT(layers(middle), ElementsAre("liver", "reference", "tumour", "filtered", "cyst"));
  // The slice holds both balls: two loops before the filter, one after it, and the cyst's.
  EXPECT_THAT(outline(middle, "tumour").loops, SizeIs(2));
  EXPECT_THAT(outline(middle, "filtered").loops, SizeIs(1));
  EXPECT_THAT(outline(middle, "cyst").loops, SizeIs(1));
  EXPECT_THAT(outline(middle, "reference").loops, SizeIs(1));
  EXPECT_TRUE(middle.bytes.starts_with("\xFF\xD8"));  // a JPEG
  EXPECT_EQ(stack.width, 32);                         // the view is wider than the scan
  // The ball's centre is voxel (21, 15); its pixel's middle is half a pixel further. 16 mm are 8 pixels.
  ASSERT_TRUE(stack.lesion.has_value());
  EXPECT_NEAR((stack.lesion->left + stack.lesion->right) / 2, 21.5, 0.05);
  EXPECT_NEAR((stack.lesion->top + stack.lesion->bottom) / 2, 15.5, 0.05);
  EXPECT_NEAR(stack.lesion->right - stack.lesion->left, 8, 0.4);
}

TEST_F(CasePage, PredictionsOfOthersShowTheirLesionsAndTheMissedOnes) {
  const TwoLesionCase made = two_lesion_case();
  write_filtered_case(root_, "case");
  LabelMap prediction = made.truth;  // a tumour in the wrong place only
  for (std::uint8_t& label : prediction.voxels()) label = label == kCyst ? kTumour : kLiver;
  write_labels(root_ / "other.nii.gz", prediction);
  const EvaluatedCase evaluated = evaluate_maps("case", prediction, made.truth);
  CasePageSource other = source();
  other.prediction = root_ / "other.nii.gz";
  other.evaluated = &evaluated;
  const ReportCase page = make_case_page(other);
  ASSERT_THAT(page.lesions, SizeIs(2));  // a false tumour and the missed one; cysts are not looked for
  EXPECT_THAT(page.lesions[0].reason, HasSubstr("false positive"));
  EXPECT_EQ(page.lesions[1].verdict, "missed");
  EXPECT_THAT(page.lesions[1].title, HasSubstr("Missed tumour"));
  EXPECT_THAT(layers(page.lesions[0].stack.slices[0]), ElementsAre("liver", "reference", "tumour", "cyst"));
}

TEST_F(CasePage, KeepsWhatMattersWhenThereAreTooManyLesions) {
  write_filtered_case(root_, "case");
  const ReportCase page = make_case_page(source(), {.slices = 1, .lesions = 1});
  ASSERT_THAT(page.lesions, SizeIs(1));
  EXPECT_EQ(page.lesions[0].verdict, "cyst");
  EXPECT_THAT(page.lesions[0].stack.slices, SizeIs(1));
  EXPECT_THAT(page.notes, Contains(HasSubstr("1 lesions are not shown")));
}

TEST_F(CasePage, WithoutACtThereAreNoSlicesAndANoteWhenItShouldBeThere) {
  write_filtered_case(root_, "case");
  CasePageSource lost = source();
  lost.ct = root_ / "gone.nii.gz";
  const ReportCase page = make_case_page(lost);
  EXPECT_THAT(page.lesions, SizeIs(2));
  EXPECT_TRUE(page.lesions[0].stack.slices.empty());
  EXPECT_THAT(page.notes, Contains(HasSubstr("no slices: there is no")));
  lost.ct.clear();
  EXPECT_THAT(make_case_page(lost).notes, testing::Not(Contains(HasSubstr("no slices"))));
}

TEST_F(CasePage, ACaseWithoutLesionsShowsTheMiddleOfTheLiver) {
  const TwoLesionCase made = two_lesion_case();
  write_ct(root_ / "ct.nii.gz", made.ct);
  write_labels(root_ / "liver.nii.gz", LabelMap(made.ct.geometry(), kLiver));
  write_labels(root_ / "truth.nii.gz", LabelMap(made.ct.geometry(), kLiver));
  CasePageSource bare = source();
  bare.prediction = root_ / "liver.nii.gz";
  const ReportCase page = make_case_page(bare);
  ASSERT_THAT(page.lesions, SizeIs(1));
  EXPECT_EQ(page.lesions[0].title, "No lesion");
  // Indices 0 to 19 have their middle at 9.5, which rounds to 10.
  EXPECT_THAT(page.lesions[0].stack.slices[page.lesions[0].stack.first_shown].label,
              HasSubstr("slice 11 of 20"));
}

}  // namespace
}  // namespace hepar
