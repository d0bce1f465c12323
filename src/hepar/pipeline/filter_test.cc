// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hepar/core/error.h"
#include "hepar/pipeline/test_dicom_case.h"

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

class FilterDicom : public DicomCase {
 protected:
  FilterRequest request() const {
    FilterRequest request;
    request.ct.path = root_ / "ct";
    request.labels = root_ / "truth.nii.gz";
    request.output = root_ / "out";
    return request;
  }
};

TEST_F(FilterDicom, WritesObjectsThatAreTheResult) {
  const CaseResult result = filter_case(request());
  ASSERT_EQ(result.rois.size(), 3U);
  EXPECT_EQ(result.rois[1].name, "GTV");
  EXPECT_NEAR(result.rois[1].volume_ml, result.tumour_ml, 1e-9);
  const CtGrid grid = read_ct_grid(root_ / "ct");
  for (const auto& file : {kStructureSetFile, kSegmentationFile}) {
    EXPECT_THAT(load_labels(root_ / "out" / file, grid, default_roi_labels()).voxels.voxels(),
                testing::ElementsAreArray(result.labels.voxels()))
        << file;
  }
  EXPECT_THAT(case_text(result, "out"), testing::HasSubstr("rtstruct.dcm"));
}

TEST_F(FilterDicom, TakesItsOwnStructuresAgain) {
  const CaseResult first = filter_case(request());
  FilterRequest again = request();
  again.labels = root_ / "out" / kStructureSetFile;
  again.output = root_ / "again";
  EXPECT_THAT(filter_case(again).labels.voxels(), testing::ElementsAreArray(first.labels.voxels()));
}

TEST_F(FilterDicom, StructuresHaveOneTumourLabel) {
  filter_case(request());
  FilterRequest other = request();
  other.labels = root_ / "out" / kSegmentationFile;
  other.output = root_ / "other";
  other.tumour_label = 5;
  try {
    filter_case(other);
    FAIL() << "not refused";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("--roi NAME=2"));
  }
}

TEST_F(FilterDicom, LeavesObjectsOutWhenAsked) {
  filter_case(request());
  FilterRequest without = request();
  without.dicom.write = false;
  filter_case(without);  // into the same folder: an earlier run's objects must go
  EXPECT_FALSE(std::filesystem::exists(root_ / "out" / kStructureSetFile));
  EXPECT_FALSE(std::filesystem::exists(root_ / "out" / kSegmentationFile));
}

TEST_F(FilterDicom, SaysWhyInterpolatedSlicesHaveNoObjects) {
  std::filesystem::remove(root_ / "ct/ct_0010.dcm");
  FilterRequest gap = request();
  gap.ct.resample_irregular = true;
  const CaseResult result = filter_case(gap);
  EXPECT_TRUE(result.rois.empty());
  EXPECT_THAT(result.lesions.notes, testing::Contains(testing::HasSubstr("interpolated slices")));
  EXPECT_FALSE(std::filesystem::exists(root_ / "out" / kStructureSetFile));
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
