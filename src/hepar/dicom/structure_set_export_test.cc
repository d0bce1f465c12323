// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/structure_set_export.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include "hepar/core/error.h"
#include "hepar/dicom/roi_masks.h"
#include "hepar/dicom/structure_set_proof.h"
#include "hepar/dicom/synthetic_series.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Liver on slices 0 and 1 of three, with a tumour of one pixel and a hole on slice 1.
class ExportStructureSet : public testing::Test {
 protected:
  ExportStructureSet() {
    fs::create_directories(folder_ / "ct");
    fs::create_directories(file_.parent_path());
    make_ct({});
  }
  ~ExportStructureSet() override { fs::remove_all(folder_); }

  void make_ct(const std::map<std::string, std::string>& attributes) {
    std::vector<dicom::SyntheticSlice> slices = dicom::even_slices(3);
    for (dicom::SyntheticSlice& slice : slices) slice.attributes = attributes;
    dicom::write_slices(folder_ / "ct", slices);
    ct_ = read_ct_grid(folder_ / "ct");
    labels_ = LabelMap(ct_.geometry);
    for (std::int64_t i = 0; i < 5; ++i) {
      for (std::int64_t j = 0; j < 4; ++j) labels_[{i, j, 0}] = labels_[{i, j, 1}] = kLiver;
    }
    labels_[{1, 1, 1}] = kTumour;
    labels_[{3, 2, 1}] = kBackground;
  }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(file_.parent_path()))
      names.push_back(entry.path().filename().string());
    return names;
  }
  // What the proof says of a set that reads back other than it was written.
  template <class Change>
  std::string refusal(const Change& change, HoleMode mode = HoleMode::kKeyhole) {
    DicomProfile profile;
    profile.hole_mode = mode;
    const StructureSet written = contour_labels(labels_, ct_, profile);
    StructureSet read_back = written;
    read_back.notes.clear();
    for (Roi& roi : read_back.rois) roi.frame_of_reference_uid = read_back.frame_of_reference_uid;
    change(read_back);
    try {
      dicom::verified_rois(read_back, written, labels_, ct_, profile);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInternal);
      return error.what();
    }
    return "";
  }

  fs::path folder_ = fs::temp_directory_path() / fmt::format("hepar_export_structure_set_{}", ::getpid());
  fs::path file_ = folder_ / "out" / "rs.dcm";
  CtGrid ct_;
  LabelMap labels_{Geometry{.size = {1, 1, 1}}};
};

TEST_F(ExportStructureSet, WritesWhatItProved) {
  for (const HoleMode mode : {HoleMode::kKeyhole, HoleMode::kSeparate}) {
    DicomProfile profile;
    profile.hole_mode = mode;
    const StructureSetExport result = export_structure_set(file_, labels_, ct_, profile);
    ASSERT_EQ(result.rois.size(), 2U);
    EXPECT_EQ(result.rois[0].name, "Liver");
    EXPECT_NEAR(result.rois[0].volume_ml, 39 * labels_.geometry().voxel_volume_ml(), 1e-12);
    EXPECT_EQ(result.rois[0].contour_count, mode == HoleMode::kKeyhole ? 2 : 3);
    EXPECT_EQ(result.rois[1].name, "GTV");
    // Halfway between pixel centres a pixel's contour is a diamond of half its area, as is a hole's.
    EXPECT_THAT(result.notes,
                ElementsAre(HasSubstr("'Cyst'"),
                            HasSubstr(fmt::format("{} contours enclose less than one pixel's area",
                                                  mode == HoleMode::kKeyhole ? 1 : 2))));
    EXPECT_THAT(files(), ElementsAre("rs.dcm"));
  }
}

TEST_F(ExportStructureSet, PixelEdgesEncloseWholePixels) {
  DicomProfile profile;
  profile.contour_style = ContourStyle::kPixelEdges;
  EXPECT_THAT(export_structure_set(file_, labels_, ct_, profile).notes, ElementsAre(HasSubstr("'Cyst'")));
}

TEST_F(ExportStructureSet, SaysThatAFrameOfReferenceWasMadeUp) {
  for (const char* frame : {"", "abc"}) {
    make_ct({{"FrameOfReferenceUID", frame}});
    EXPECT_THAT(export_structure_set(file_, labels_, ct_).notes,
                testing::Contains(HasSubstr("no valid frame of reference")))
        << frame;
    EXPECT_EQ(read_structure_set(file_).frame_of_reference_uid, frame_of_reference_for(ct_));
  }
}

TEST_F(ExportStructureSet, NamesLabelsWithoutRoi) {
  labels_[{0, 0, 0}] = 9;
  EXPECT_THAT(export_structure_set(file_, labels_, ct_).notes, testing::Contains(HasSubstr("label 9")));
}

// Structures of another label map than the one they are compared with.
TEST_F(ExportStructureSet, WritesNothingThatIsNotTheLabelMap) {
  const StructureSet structures = contour_labels(labels_, ct_);
  labels_[{0, 0, 2}] = kLiver;
  try {
    dicom::write_verified(file_, structures, labels_, ct_, {});
    FAIL() << "not refused";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInternal);
    EXPECT_THAT(error.what(), HasSubstr("1 voxels other than the label map's 40"));
  }
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(ExportStructureSet, ProofSeesEveryDifference) {
  EXPECT_EQ(refusal([](StructureSet&) {}), "");
  EXPECT_EQ(refusal([](StructureSet&) {}, HoleMode::kSeparate), "");
  EXPECT_THAT(refusal([](StructureSet& set) { set.rois.pop_back(); }), HasSubstr("1 of 2 ROIs"));
  EXPECT_THAT(refusal([](StructureSet& set) { std::swap(set.rois[0].name, set.rois[1].name); }),
              HasSubstr("the name of 'Liver'"));
  EXPECT_THAT(refusal([](StructureSet& set) { set.rois[1].number = 7; }), HasSubstr("the number of 'GTV'"));
  EXPECT_THAT(refusal([](StructureSet& set) { set.rois[1].interpreted_type = "PTV"; }),
              HasSubstr("the interpreted type of 'GTV'"));
  EXPECT_THAT(refusal([](StructureSet& set) { set.rois[0].frame_of_reference_uid = "1.2"; }),
              HasSubstr("the frame of reference of 'Liver'"));
  EXPECT_THAT(refusal([](StructureSet& set) { set.series_uid = "1.2"; }), HasSubstr("the CT's series"));
  EXPECT_THAT(refusal([](StructureSet& set) { set.notes.push_back("passed over"); }),
              HasSubstr("passed over"));
  EXPECT_THAT(refusal([](StructureSet& set) { set.rois[0].contours.pop_back(); }),
              HasSubstr("1 of the 2 contours"));
}

TEST_F(ExportStructureSet, ProofSeesContoursOffTheirSlices) {
  EXPECT_THAT(
      refusal([&](StructureSet& set) { set.rois[0].contours[0].image_uid = ct_.slices[2].sop_instance_uid; }),
      HasSubstr("10.000 mm from the slice"));
  EXPECT_THAT(refusal([](StructureSet& set) { set.rois[0].contours[0].image_uid = ""; }),
              HasSubstr("names no slice"));
  const auto shifted = [](const Vec3& by) {
    return [by](StructureSet& set) {
      for (Vec3& point : set.rois[0].contours[0].points_mm) point = point + by;
    };
  };
  EXPECT_THAT(refusal(shifted({0, 0, 0.02})), HasSubstr("0.020 mm from the slice"));
  EXPECT_EQ(refusal(shifted({0, 0, 0.0005})), "");
  EXPECT_THAT(refusal(shifted({1, 0, 0})), HasSubstr("voxels other than the label map's 39"));
}

// One more contour in place of another's: the voxels stay the same, and yet it is not what was written.
TEST_F(ExportStructureSet, ProofSeesContoursThatCountTwice) {
  labels_[{2, 0, 2}] = kTumour;
  const auto again = [](StructureSet& set) {
    set.rois[1].contours[1] = set.rois[1].contours[0];
    set.rois[1].contours.push_back(set.rois[1].contours[0]);
  };
  EXPECT_THAT(refusal(again), HasSubstr("3 of the 2 contours of 'GTV'"));
  // A hole of its own where the profile wants none.
  DicomProfile separate;
  separate.hole_mode = HoleMode::kSeparate;
  const StructureSet set = contour_labels(labels_, ct_, separate);
  try {
    dicom::write_verified(file_, set, labels_, ct_, {});
    FAIL() << "not refused";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("taken as holes"));
  }
}

}  // namespace
}  // namespace hepar
