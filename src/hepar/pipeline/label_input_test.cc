// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/label_input.h"

#include <gmock/gmock.h>

#include "hepar/core/error.h"
#include "hepar/dicom/roi_masks.h"
#include "hepar/dicom/segmentation.h"
#include "hepar/dicom/structure_set.h"
#include "hepar/pipeline/test_dicom_case.h"

namespace hepar {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsSupersetOf;

TEST(RoiLabels, AreParsedAndMatched) {
  const RoiLabel roi = parse_roi_label("met=a*=2");  // the last = counts
  EXPECT_EQ(roi.pattern, "met=a*");
  EXPECT_EQ(roi.label, 2);
  for (const char* wrong : {"", "=2", "Liver", "Liver=", "Liver=0", "Liver=256", "Liver=1x", "Liver=-1"}) {
    EXPECT_THROW(parse_roi_label(wrong), Error) << wrong;
  }
  const auto known = default_roi_labels();
  EXPECT_EQ(roi_label("LIVER", known), 1);
  EXPECT_EQ(roi_label("Liver-GTV", known), 0);  // another structure than the liver
  EXPECT_EQ(roi_label("GTVp1", known), 2);
  EXPECT_EQ(roi_label("cyst 4", known), 3);
  EXPECT_EQ(roi_label("Spleen", known), 0);
}

class LabelInput : public DicomCase {
 protected:
  // The truth's structures under these names, each made of one label.
  void write_structures(const std::vector<std::pair<std::string, std::vector<std::uint8_t>>>& structures) {
    DicomProfile profile;
    profile.rois.clear();
    for (const auto& [name, labels] : structures) {
      RoiStyle style = default_roi_styles().front();
      style.name = name, style.labels = labels;
      profile.rois.push_back(style);
    }
    const CtGrid grid = read_ct_grid(root_ / "ct");
    write_structure_set(root_ / "rs.dcm", contour_labels(made_.truth, grid, profile), grid, profile);
    write_segmentation(root_ / "seg.dcm", made_.truth, grid, profile);
  }
};

TEST_F(LabelInput, StructuresLieOverEachOtherByTheirLabels) {
  // The whole liver is written last: it must not cover what lies in it.
  write_structures({{"GTV", {2}}, {"Cyst", {3}}, {"Liver", {1, 2, 3}}});
  const CtGrid grid = read_ct_grid(root_ / "ct");
  for (const char* file : {"rs.dcm", "seg.dcm"}) {
    EXPECT_TRUE(needs_grid(root_ / file));
    const LoadedLabels labels = load_labels(root_ / file, grid, default_roi_labels());
    EXPECT_THAT(labels.voxels.voxels(), ElementsAreArray(made_.truth.voxels())) << file;
    EXPECT_THAT(labels.notes, IsEmpty()) << file;
    EXPECT_EQ(series_for(root_ / file, root_ / "ct"), grid.series_uid);
    EXPECT_EQ(series_for(root_ / file, root_), grid.series_uid);
    EXPECT_EQ(series_for(root_ / file, root_ / "truth.nii.gz"), "");
    EXPECT_EQ(series_for(root_ / "truth.nii.gz", root_ / "ct"), "");
  }
}

TEST_F(LabelInput, TumourIsNeverHidden) {
  // The same voxels as tumour, cyst and organ 7.
  write_structures({{"GTV", {2}}, {"Cyst", {2, 3}}, {"Organ", {2, 3, 1}}});
  std::vector<RoiLabel> rois = default_roi_labels();
  rois.push_back({"organ", 7});
  for (const char* file : {"rs.dcm", "seg.dcm"}) {
    const LoadedLabels labels = load_labels(root_ / file, read_ct_grid(root_ / "ct"), rois);
    for (std::size_t n = 0; n < made_.truth.voxels().size(); ++n) {
      const int truth = made_.truth.voxels()[n];
      ASSERT_EQ(labels.voxels.voxels()[n], truth == 1 ? 7 : truth) << n;
    }
    // The cyst over the organ, and the tumour over the cyst.
    EXPECT_THAT(labels.notes,
                IsSupersetOf({HasSubstr("of 'Cyst' are in another"), HasSubstr("of 'GTV' are in another")}));
  }
}

TEST_F(LabelInput, UnknownStructuresAreNamed) {
  write_structures({{"GTV", {2}}, {"Stomach", {1}}});
  const CtGrid grid = read_ct_grid(root_ / "ct");
  const LoadedLabels labels = load_labels(root_ / "rs.dcm", grid, default_roi_labels());
  EXPECT_THAT(labels.unlabelled, ElementsAre("Stomach"));
  EXPECT_THAT(notes_of(labels), Contains(HasSubstr("Stomach")));
  try {
    load_labels(root_ / "rs.dcm", grid, {{"Kidney", 1}});
    FAIL() << "not refused";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidInput);
    EXPECT_THAT(error.what(), HasSubstr("GTV, Stomach"));
  }
}

TEST_F(LabelInput, AGridWithoutSeriesDoes) {
  write_structures({{"GTV", {2}}, {"Cyst", {3}}, {"Liver", {1, 2, 3}}});
  const CtGrid grid = grid_without_series(made_.ct.geometry());
  for (const char* file : {"rs.dcm", "seg.dcm", "truth.nii.gz"}) {
    EXPECT_THAT(load_labels(root_ / file, grid, default_roi_labels()).voxels.voxels(),
                ElementsAreArray(made_.truth.voxels()))
        << file;
  }
  EXPECT_FALSE(needs_grid(root_ / "truth.nii.gz"));
}

TEST_F(LabelInput, AnotherSeriesIsNotTakenUnasked) {
  write_structures({{"GTV", {2}}});
  write_ct_series(
      root_ / "other", made_.ct,
      {.patient_id = "secret-id", .patient_name = "", .series_description = "", .uid_seed = "another phase"});
  for (const char* file : {"rs.dcm", "seg.dcm"}) {
    try {
      series_for(root_ / file, root_ / "other");
      FAIL() << "not refused";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalidInput);
      EXPECT_THAT(error.what(), HasSubstr("--series"));
    }
    // ... and never one of another frame of reference.
    EXPECT_THROW(load_labels(root_ / file, read_ct_grid(root_ / "other"), default_roi_labels()), Error)
        << file;
  }
}

TEST_F(LabelInput, ASliceOfTheCtIsNoLabelMap) {
  EXPECT_THROW(load_labels(root_ / "ct/ct_0000.dcm", read_ct_grid(root_ / "ct"), default_roi_labels()),
               Error);
}

}  // namespace
}  // namespace hepar
