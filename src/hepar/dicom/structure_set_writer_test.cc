// SPDX-License-Identifier: Apache-2.0
#include <dcmtk/config/osconfig.h>
// osconfig.h must come first
#include <dcmtk/dcmdata/dctk.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <cmath>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/dicom/structure_set.h"
#include "hepar/dicom/synthetic_series.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class WriteStructureSet : public testing::Test {
 protected:
  WriteStructureSet() { fs::create_directories(folder_); }
  ~WriteStructureSet() override { fs::remove_all(folder_); }

  // A CT of three slices whose files all have the attributes given.
  CtGrid make_ct(const std::map<std::string, std::string>& attributes = {}) {
    std::vector<dicom::SyntheticSlice> slices = dicom::even_slices(3);
    for (dicom::SyntheticSlice& slice : slices) slice.attributes = attributes;
    fs::create_directories(folder_ / "ct");
    dicom::write_slices(folder_ / "ct", slices);
    return read_ct_grid(folder_ / "ct");
  }
  static RoiContour triangle(const CtSlice& slice) {
    const Vec3 at = slice.position_mm;
    return {{at, at + Vec3{1, 0, 0}, at + Vec3{0, 1, 0}}, slice.sop_instance_uid};
  }
  static StructureSet one_roi(const CtGrid& ct, const std::string& name) {
    StructureSet set;
    set.rois.push_back({.number = 1,
                        .name = name,
                        .interpreted_type = "ORGAN",
                        .colour = {},
                        .contours = {triangle(ct.slices[1])}});
    return set;
  }
  StructureSet written(const StructureSet& set, const CtGrid& ct, const DicomProfile& profile = {}) {
    write_structure_set(file_, set, ct, profile);
    return read_structure_set(file_);
  }
  DcmDataset& load() {
    EXPECT_TRUE(format_.loadFile(file_.c_str()).good());
    return *format_.getDataset();
  }
  std::string refusal(ErrorCode code, const StructureSet& set, const CtGrid& ct,
                      const DicomProfile& profile = {}) {
    try {
      write_structure_set(file_, set, ct, profile);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code) << error.what();
      EXPECT_FALSE(fs::exists(file_));
      return error.what();
    }
    ADD_FAILURE() << "not refused";
    return "";
  }

  fs::path folder_ = fs::temp_directory_path() / fmt::format("hepar_write_structure_set_{}", ::getpid());
  fs::path file_ = folder_ / "rs.dcm";
  DcmFileFormat format_;
};

std::string value(DcmItem& item, const DcmTagKey& tag) {
  OFString text;
  EXPECT_TRUE(item.findAndGetOFStringArray(tag, text, OFTrue).good()) << tag.toString();
  return text.c_str();
}

DcmItem& item(DcmItem& parent, const DcmTagKey& sequence, long number = 0) {
  DcmItem* found = nullptr;
  EXPECT_TRUE(parent.findAndGetSequenceItem(sequence, found, number).good()) << sequence.toString();
  return *found;
}

TEST_F(WriteStructureSet, IsReadBackAsItWas) {
  const CtGrid ct = make_ct();
  StructureSet set;
  set.label = "Plan A";
  Roi liver{.number = 5, .name = "Liver", .interpreted_type = "ORGAN", .colour = {1, 2, 255}, .contours = {}};
  for (const CtSlice& slice : ct.slices) {
    RoiContour contour{{}, slice.sop_instance_uid};
    for (int n = 0; n < 100; ++n)
      contour.points_mm.push_back(slice.position_mm + Vec3{std::sqrt(n), -n / 7.0, n / 30000.0});
    liver.contours.push_back(contour);
  }
  liver.contours.push_back(liver.contours[0]);
  const Roi empty{.number = 2, .name = "GTV", .interpreted_type = "", .colour = {0, 255, 0}, .contours = {}};
  set.rois = {liver, empty};
  const StructureSet read = written(set, ct);
  EXPECT_THAT(read.notes, IsEmpty());
  EXPECT_EQ(read.label, "Plan A");
  EXPECT_EQ(read.series_uid, ct.series_uid);
  EXPECT_EQ(read.frame_of_reference_uid, "1.2.3.6");
  ASSERT_EQ(read.rois.size(), 2U);
  for (std::size_t r = 0; r < 2; ++r) {
    EXPECT_EQ(read.rois[r].number, set.rois[r].number);
    EXPECT_EQ(read.rois[r].name, set.rois[r].name);
    EXPECT_EQ(read.rois[r].interpreted_type, set.rois[r].interpreted_type);
    EXPECT_EQ(read.rois[r].colour, set.rois[r].colour);
    ASSERT_EQ(read.rois[r].contours.size(), set.rois[r].contours.size());
  }
  for (std::size_t c = 0; c < 4; ++c) {
    const RoiContour &got = read.rois[0].contours[c], &wanted = liver.contours[c];
    EXPECT_EQ(got.image_uid, wanted.image_uid);
    ASSERT_EQ(got.points_mm.size(), wanted.points_mm.size());
    for (std::size_t n = 0; n < got.points_mm.size(); ++n) {
      for (int axis = 0; axis < 3; ++axis)
        EXPECT_NEAR(got.points_mm[n][axis], wanted.points_mm[n][axis], 0.00051);
    }
  }
}

TEST_F(WriteStructureSet, BelongsToTheStudyOfTheCt) {
  const CtGrid ct =
      make_ct({{"StudyDate", "20260102"}, {"StudyDescription", "Abdomen"}, {"PatientSex", "F"}});
  write_structure_set(file_, one_roi(ct, "Liver"), ct);
  DcmDataset& dataset = load();
  EXPECT_EQ(dataset.getOriginalXfer(), EXS_LittleEndianImplicit);
  EXPECT_EQ(value(dataset, DCM_SOPClassUID), UID_RTStructureSetStorage);
  EXPECT_EQ(value(dataset, DCM_PatientName), "Secret^Name");
  EXPECT_EQ(value(dataset, DCM_PatientID), "secret-id");
  EXPECT_EQ(value(dataset, DCM_PatientSex), "F");
  EXPECT_EQ(value(dataset, DCM_PatientBirthDate), "");  // not in the CT, and yet to be there
  EXPECT_EQ(value(dataset, DCM_StudyInstanceUID), "1.2.3.5");
  EXPECT_EQ(value(dataset, DCM_StudyDate), "20260102");
  EXPECT_EQ(value(dataset, DCM_StudyTime), "");
  EXPECT_EQ(value(dataset, DCM_StudyDescription), "Abdomen");
  EXPECT_NE(value(dataset, DCM_SeriesInstanceUID), ct.series_uid);
  EXPECT_FALSE(dataset.tagExists(DCM_SpecificCharacterSet));
  EXPECT_FALSE(dataset.tagExists(DCM_PatientIdentityRemoved));
  EXPECT_EQ(value(dataset, DCM_SeriesNumber), "900");
  EXPECT_EQ(value(dataset, DCM_StructureSetLabel), "Hepar");
  EXPECT_EQ(value(dataset, DCM_StructureSetDescription), "For research; not a medical device.");
  EXPECT_EQ(value(dataset, DCM_ApprovalStatus), "UNAPPROVED");
  EXPECT_EQ(value(item(dataset, DCM_StructureSetROISequence), DCM_ROIGenerationAlgorithm), "AUTOMATIC");
  const std::string first_series = value(dataset, DCM_SeriesInstanceUID);
  write_structure_set(file_, one_roi(ct, "Liver"), ct);
  EXPECT_NE(value(load(), DCM_SeriesInstanceUID), first_series);
}

TEST_F(WriteStructureSet, LeavesPaddingOut) {
  CtGrid ct = make_ct({{"PatientSex", "F"}});
  std::string bytes = read_text_file(ct.slices[0].file);
  const std::size_t sex = bytes.find(std::string("CS\2\0F ", 6));
  ASSERT_NE(sex, std::string::npos);
  bytes[sex + 5] = '\0';
  write_text_file(ct.slices[0].file, bytes);
  write_structure_set(file_, one_roi(ct, "Liver"), ct);
  EXPECT_THAT(read_text_file(file_), HasSubstr(std::string("\x10\0\x40\0\2\0\0\0F ", 10)));
}

TEST_F(WriteStructureSet, RefersToEverySlice) {
  const CtGrid ct = make_ct();
  write_structure_set(file_, one_roi(ct, "Liver"), ct);
  DcmDataset& dataset = load();
  DcmItem& frame = item(dataset, DCM_ReferencedFrameOfReferenceSequence);
  DcmItem& study = item(frame, DCM_RTReferencedStudySequence);
  DcmItem& series = item(study, DCM_RTReferencedSeriesSequence);
  EXPECT_EQ(value(frame, DCM_FrameOfReferenceUID), "1.2.3.6");
  EXPECT_EQ(value(dataset, DCM_FrameOfReferenceUID), "1.2.3.6");
  EXPECT_EQ(value(item(dataset, DCM_StructureSetROISequence), DCM_ReferencedFrameOfReferenceUID), "1.2.3.6");
  EXPECT_EQ(value(study, DCM_ReferencedSOPInstanceUID), "1.2.3.5");
  EXPECT_EQ(value(series, DCM_SeriesInstanceUID), ct.series_uid);
  for (int n = 0; n < 3; ++n) {
    DcmItem& image = item(series, DCM_ContourImageSequence, n);
    EXPECT_EQ(value(image, DCM_ReferencedSOPClassUID), UID_CTImageStorage);
    EXPECT_EQ(value(image, DCM_ReferencedSOPInstanceUID),
              ct.slices[static_cast<std::size_t>(n)].sop_instance_uid);
  }
  DcmItem& contour = item(item(dataset, DCM_ROIContourSequence), DCM_ContourSequence);
  EXPECT_EQ(value(contour, DCM_ContourGeometricType), "CLOSED_PLANAR");
  EXPECT_EQ(value(contour, DCM_NumberOfContourPoints), "3");
  EXPECT_EQ(value(contour, DCM_ContourData), "-100\\-120\\5\\-99\\-120\\5\\-100\\-119\\5");
  EXPECT_EQ(value(item(contour, DCM_ContourImageSequence), DCM_ReferencedSOPInstanceUID),
            ct.slices[1].sop_instance_uid);
}

TEST_F(WriteStructureSet, KeepsTheCharacterSetThatHoldsAll) {
  const CtGrid ct = make_ct({{"SpecificCharacterSet", "ISO_IR 100"}, {"PatientName", "M\xfcller"}});
  EXPECT_EQ(written(one_roi(ct, "Läsion"), ct).rois[0].name, "Läsion");
  DcmDataset& dataset = load();
  EXPECT_EQ(value(dataset, DCM_SpecificCharacterSet), "ISO_IR 100");
  EXPECT_EQ(value(dataset, DCM_PatientName), "M\xfcller");
  EXPECT_EQ(value(item(dataset, DCM_StructureSetROISequence), DCM_ROIName), "L\xe4sion");
}

TEST_F(WriteStructureSet, TurnsToUnicodeWhereTheSetDoesNotHoldAName) {
  const CtGrid ct = make_ct({{"SpecificCharacterSet", "ISO_IR 100"}, {"PatientName", "M\xfcller"}});
  EXPECT_EQ(written(one_roi(ct, "Печень"), ct).rois[0].name, "Печень");
  DcmDataset& dataset = load();
  EXPECT_EQ(value(dataset, DCM_SpecificCharacterSet), "ISO_IR 192");
  EXPECT_EQ(value(dataset, DCM_PatientName), "Müller");
}

TEST_F(WriteStructureSet, TurnsCodeExtensionsToUnicode) {
  // PS3.5 I.2: Hong Gildong in Hangul and Hanja, escape sequences and all.
  const std::string name = "Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7";
  const CtGrid ct = make_ct({{"SpecificCharacterSet", "\\ISO 2022 IR 149"}, {"PatientName", name}});
  write_structure_set(file_, one_roi(ct, "Liver"), ct);
  EXPECT_EQ(value(load(), DCM_SpecificCharacterSet), "\\ISO 2022 IR 149");
  EXPECT_EQ(value(load(), DCM_PatientName), name);
  write_structure_set(file_, one_roi(ct, "Läsion"), ct);
  EXPECT_EQ(value(load(), DCM_SpecificCharacterSet), "ISO_IR 192");
  EXPECT_EQ(value(load(), DCM_PatientName), "Hong^Gildong=洪^吉洞");
}

TEST_F(WriteStructureSet, CopiesTextsWithoutCharacterSetAsTheyAre) {
  const CtGrid ct = make_ct({{"PatientName", "M\xfcller"}});
  write_structure_set(file_, one_roi(ct, "Liver"), ct);
  EXPECT_EQ(value(load(), DCM_PatientName), "M\xfcller");
  fs::remove(file_);
  EXPECT_THAT(refusal(ErrorCode::kInvalidInput, one_roi(ct, "Läsion"), ct),
              AllOf(HasSubstr("use ASCII names"), Not(HasSubstr("ller"))));
}

TEST_F(WriteStructureSet, MakesUpAFrameOfReferenceWhereTheCtHasNone) {
  const CtGrid ct = make_ct({{"FrameOfReferenceUID", ""}});
  const std::string frame = frame_of_reference_for(ct);
  EXPECT_TRUE(frame.starts_with("2.25.")) << frame;
  EXPECT_EQ(frame_of_reference_for(ct), frame);
  CtGrid other = ct;
  other.series_uid = "1.2.3.4";
  EXPECT_NE(frame_of_reference_for(other), frame);
  EXPECT_EQ(written(one_roi(ct, "Liver"), ct).rois[0].frame_of_reference_uid, frame);
}

TEST_F(WriteStructureSet, ExplicitRepresentationHasItsLimit) {
  const CtGrid ct = make_ct();
  StructureSet set = one_roi(ct, "Liver");
  auto& points = set.rois[0].contours[0].points_mm;
  // "100\100\5\" is 10 bytes, the last backslash is not there: 6553 points take 65529 bytes.
  points.assign(6553, {100, 100, 5});
  points[0].x = points[1].y = 101;
  EXPECT_EQ(written(set, ct, {.explicit_vr = true}).rois[0].contours[0].points_mm.size(), 6553U);
  EXPECT_EQ(load().getOriginalXfer(), EXS_LittleEndianExplicit);
  DcmElement* data = nullptr;
  ASSERT_TRUE(load().findAndGetElement(DCM_ContourData, data, OFTrue).good());
  EXPECT_EQ(data->getVR(), EVR_DS);
  points.resize(6554, {100, 100, 5});
  fs::remove(file_);
  EXPECT_THAT(refusal(ErrorCode::kInvalidInput, set, ct, {.explicit_vr = true}),
              AllOf(HasSubstr("65539 bytes"), HasSubstr("65534"), HasSubstr("implicit")));
  EXPECT_EQ(written(set, ct).rois[0].contours[0].points_mm.size(), 6554U);
}

TEST_F(WriteStructureSet, RefusesNamesThatDoNotFit) {
  const CtGrid ct = make_ct();
  const auto message = [&](const std::string& name, const DicomProfile& profile = {}) {
    return refusal(ErrorCode::kInvalidInput, one_roi(ct, name), ct, profile);
  };
  EXPECT_THAT(message("Liver without GTV"), AllOf(HasSubstr("17 characters"), HasSubstr("1 to 16")));
  EXPECT_THAT(message(""), HasSubstr("0 characters"));
  EXPECT_THAT(message("a\\b"), HasSubstr("backslash"));
  EXPECT_THAT(message("a\nb"), HasSubstr("control"));
  EXPECT_EQ(written(one_roi(ct, "ÄÖÜÄÖÜÄÖÜÄÖÜÄÖÜÄ"), ct).rois[0].name, "ÄÖÜÄÖÜÄÖÜÄÖÜÄÖÜÄ");  // 16, not 32
  EXPECT_EQ(written(one_roi(ct, "Liver without GTV"), ct, {.name_length = 64}).rois[0].name,
            "Liver without GTV");
  fs::remove(file_);
  StructureSet set = one_roi(ct, "Liver");
  set.label = "Seventeen letters";
  EXPECT_THAT(refusal(ErrorCode::kInvalidInput, set, ct), HasSubstr("Seventeen letters"));
}

TEST_F(WriteStructureSet, RefusesWhatContradictsItself) {
  const CtGrid ct = make_ct();
  const auto message = [&](const auto& change) {
    StructureSet set = one_roi(ct, "Liver");
    change(set);
    return refusal(ErrorCode::kInvalidInput, set, ct);
  };
  EXPECT_THAT(message([](StructureSet& set) { set.rois.clear(); }), HasSubstr("no ROI"));
  EXPECT_THAT(message([](StructureSet& set) {
                set.rois.push_back(set.rois[0]);
                set.rois[1].number = 2;
              }),
              HasSubstr("two ROIs have the name 'Liver'"));
  EXPECT_THAT(message([](StructureSet& set) {
                set.rois.push_back(set.rois[0]);
                set.rois[0].name = "LÄSION";
                set.rois[1].name = "Läsion";
                set.rois[1].number = 2;
              }),
              HasSubstr("differ in case"));
  EXPECT_THAT(message([](StructureSet& set) {
                set.rois.push_back(set.rois[0]);
                set.rois[1].name = "GTV";
              }),
              HasSubstr("two ROIs have the number 1"));
  EXPECT_THAT(message([](StructureSet& set) { set.rois[0].contours[0].points_mm.pop_back(); }),
              HasSubstr("2 points"));
  EXPECT_THAT(message([](StructureSet& set) { set.rois[0].contours[0].points_mm[0].x = NAN; }),
              HasSubstr("finite"));
  EXPECT_THAT(message([](StructureSet& set) { set.rois[0].contours[0].image_uid = "1.2.3"; }),
              HasSubstr("names no slice of this CT"));
  EXPECT_THAT(message([](StructureSet& set) { set.rois[0].contours[0].image_uid = ""; }),
              HasSubstr("names no slice of this CT"));
  EXPECT_THAT(message([](StructureSet& set) { set.rois[0].contours[0].points_mm[1].z += 0.011; }),
              HasSubstr("0.011 mm from the slice"));
  EXPECT_THAT(message([](StructureSet& set) {
                auto& points = set.rois[0].contours[0].points_mm;
                points = {points[0], points[1], points[0] + Vec3{0.0004, 0, 0}, points[1]};
              }),
              HasSubstr("4 points, at least 3 that differ by 0.001 mm"));
  EXPECT_THAT(message([](StructureSet& set) { set.frame_of_reference_uid = "1.2.3"; }),
              HasSubstr("frame of reference"));
  EXPECT_THAT(message([](StructureSet& set) { set.rois[0].frame_of_reference_uid = "1.2.3"; }),
              HasSubstr("frame of reference"));
}

TEST_F(WriteStructureSet, RefusesACtThatCannotBeReferredTo) {
  const CtGrid ct = make_ct();
  const auto message = [&](const auto& change) {
    CtGrid changed = ct;
    change(changed);
    return refusal(ErrorCode::kInvalidInput, one_roi(ct, "Liver"), changed);
  };
  EXPECT_THAT(message([](CtGrid& grid) { grid.resampled = true; }), HasSubstr("resampled"));
  EXPECT_THAT(message([](CtGrid& grid) { grid.study_uid = ""; }), HasSubstr("Study Instance UID"));
  EXPECT_THAT(message([](CtGrid& grid) { grid.series_uid = "abc"; }), HasSubstr("Series Instance UID"));
  EXPECT_THAT(message([](CtGrid& grid) { grid.slices[2].sop_instance_uid = ""; }),
              HasSubstr("SOP Instance UID"));
}

TEST_F(WriteStructureSet, NeedsTheCtAndTheFolder) {
  const CtGrid ct = make_ct();
  const StructureSet set = one_roi(ct, "Liver");
  file_ = folder_ / "absent" / "rs.dcm";
  EXPECT_THAT(refusal(ErrorCode::kMissing, set, ct), HasSubstr("absent"));
  file_ = folder_ / "rs.dcm";
  CtGrid swapped = ct;
  std::swap(swapped.slices[0].file, swapped.slices[1].file);
  EXPECT_THAT(refusal(ErrorCode::kMissing, set, swapped), HasSubstr("1.dcm can't be read again"));
  fs::remove(ct.slices[0].file);
  EXPECT_THAT(refusal(ErrorCode::kMissing, set, ct), HasSubstr("0.dcm can't be read again"));
}

}  // namespace
}  // namespace hepar
