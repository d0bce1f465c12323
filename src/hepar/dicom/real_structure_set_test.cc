// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <ostream>

#include "hepar/dicom/structure_set.h"

namespace hepar::dicom {
namespace {
using testing::ElementsAre;
using testing::IsEmpty;

std::filesystem::path data(const std::string& name) {
  return std::filesystem::path(HEPAR_UNPACKED_DATA) / name;
}

struct Count {
  std::string name;
  std::size_t contours = 0, points = 0;
  friend bool operator==(const Count&, const Count&) = default;
  friend void PrintTo(const Count& count, std::ostream* out) {
    *out << count.name << ' ' << count.contours << ' ' << count.points;
  }
};

std::vector<Count> counts(const StructureSet& set) {
  std::vector<Count> result;
  for (const Roi& roi : set.rois) {
    Count count{roi.name, roi.contours.size(), 0};
    for (const RoiContour& contour : roi.contours) count.points += contour.points_mm.size();
    result.push_back(count);
  }
  return result;
}

// Counts and coordinates as pydicom 2.3.1 gives them.
TEST(RealStructureSet, OfAPlanningSystem) {
  const StructureSet set = read_structure_set(data("anondicom_rtstruct/AnonDICOM/RS_Body_SpinalCord.dcm"));
  EXPECT_THAT(counts(set), ElementsAre(Count{"BODY", 4, 2214}, Count{"SpinalCord", 4, 116}));
  EXPECT_THAT(set.notes, IsEmpty());
  EXPECT_EQ(set.rois[0].interpreted_type, "EXTERNAL");
  EXPECT_EQ(set.rois[0].contours[0].points_mm.front(), (Vec3{244.5, 197.92, 1000}));
  EXPECT_EQ(set.rois[1].contours[3].points_mm.back(), (Vec3{245, 270.5, 1003}));
}

TEST(RealStructureSet, WithoutContourImages) {
  const StructureSet set = read_structure_set(data("ibsi_ct_phantom/dicom/mask/DCM_RS_00060.dcm"));
  EXPECT_THAT(counts(set), ElementsAre(Count{"GTV-1", 26, 9661}));
  EXPECT_EQ(set.rois[0].contours[0].image_uid, "");
  EXPECT_EQ(set.rois[0].contours[25].points_mm.back(), (Vec3{-82.699996948242, -27, -49.400001525878}));
  EXPECT_EQ(set.frame_of_reference_uid,
            read_ct_grid(data("ibsi_ct_phantom/dicom/image")).frame_of_reference_uid);
}

TEST(RealStructureSet, OfManyPoints) {
  const StructureSet set = read_structure_set(data("pancreas_cb_rtstruct/Pancreas-CT-CB_001/mask/1-1.dcm"));
  EXPECT_THAT(counts(set), ElementsAre(Count{"Bowel_sm_planCT", 98, 30265}, Count{"LUNG_L", 66, 38830},
                                       Count{"LUNG_R", 58, 48549}, Count{"ROI", 32, 15319},
                                       Count{"Stomach_duo_planCT", 42, 12696}));
  EXPECT_EQ(set.rois[4].contours[41].points_mm.back(), (Vec3{-31.421, 67.896, 280.91}));
}

// 3D-IRCADb states no frame of reference.
TEST(RealStructureSet, IsWrittenOnACtWithoutFrameOfReference) {
  const CtGrid ct = read_ct_grid(data("ircadb01/case17/PATIENT_DICOM"));
  ASSERT_EQ(ct.frame_of_reference_uid, "");
  const std::filesystem::path file =
      std::filesystem::temp_directory_path() / (fmt::format("hepar_real_rs_{}.dcm", ::getpid()));
  StructureSet set;
  const CtSlice& slice = ct.slices[60];
  const Vec3 at = slice.position_mm;
  set.rois.push_back(
      {.number = 1,
       .name = "Liver",
       .interpreted_type = "ORGAN",
       .colour = {255, 0, 0},
       .contours = {{{at, at + Vec3{10, 0, 0}, at + Vec3{0, 10, 0}}, slice.sop_instance_uid}}});
  write_structure_set(file, set, ct);
  const StructureSet read = read_structure_set(file);
  std::filesystem::remove(file);
  EXPECT_EQ(read.frame_of_reference_uid, frame_of_reference_for(ct));
  EXPECT_EQ(read.series_uid, ct.series_uid);
  EXPECT_EQ(read.rois[0].contours[0].image_uid, slice.sop_instance_uid);
}

}  // namespace
}  // namespace hepar::dicom
