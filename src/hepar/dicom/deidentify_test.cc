// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/deidentify.h"

#include "hepar/dicom/attributes.h"
#include "hepar/dicom/deidentify_fixture.h"
#include "hepar/dicom/deidentify_rules.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST_F(DeidentifyTest, TheCtIsReadWithTheSameVoxelsAndPlace) {
  const CtSeries before = read_ct_series(source_);
  const DeidentifyReport report = run();
  EXPECT_EQ(report.written_count, 3);
  EXPECT_THAT(report.refused, IsEmpty());
  const CtSeries after = read_ct_series(output_);
  EXPECT_EQ(after.voxels.geometry(), before.voxels.geometry());
  EXPECT_TRUE(std::ranges::equal(after.voxels.voxels(), before.voxels.voxels()));
  EXPECT_NE(after.grid.series_uid, before.grid.series_uid);
  EXPECT_NE(after.grid.study_uid, before.grid.study_uid);
  EXPECT_NE(after.grid.frame_of_reference_uid, before.grid.frame_of_reference_uid);
  EXPECT_NE(after.grid.slices[0].sop_instance_uid, before.grid.slices[0].sop_instance_uid);
  std::vector<std::string> names;
  for (const fs::path& file : written()) names.push_back(fs::relative(file, output_).string());
  const std::string series = after.grid.series_uid;
  EXPECT_THAT(names, ElementsAre(series + "/CT_0001.dcm", series + "/CT_0002.dcm", series + "/CT_0003.dcm"));
}

TEST_F(DeidentifyTest, SaysWhatWasDone) {
  run();
  const fs::path file = written().front();
  EXPECT_EQ(value_of(file, DCM_PatientIdentityRemoved), "YES");
  EXPECT_EQ(value_of(file, DCM_LongitudinalTemporalInformationModified), "REMOVED");
  EXPECT_THAT(value_of(file, DCM_DeidentificationMethod), HasSubstr("PS3.15"));
  DcmFileFormat format;
  check(format.loadFile(file.c_str()));
  DcmItem* code = nullptr;
  check(format.getDataset()->findAndGetSequenceItem(DCM_DeidentificationMethodCodeSequence, code));
  EXPECT_EQ(dicom::text(*code, DCM_CodeValue), "113100");  // PS3.16 CID 7050
  EXPECT_EQ(dicom::text(*code, DCM_CodingSchemeDesignator), "DCM");
  EXPECT_THAT(value_of(file, DCM_PatientID), testing::StartsWith("anon-"));
  EXPECT_EQ(value_of(file, DCM_PatientName), value_of(file, DCM_PatientID));
}

void put_bytes(DcmItem& item, const DcmTag& tag) {
  const Uint8 secret[] = {'S', 'E', 'C', 'R', 'E', 'T'};
  auto* element = new DcmOtherByteOtherWord(tag);
  check(element->putUint8Array(secret, 6));
  check(item.insert(element, OFTrue));
}

void plant(DcmItem& item) {
  const DcmTagKey texts[] = {DCM_PatientComments,
                             DCM_InstitutionName,
                             DCM_OperatorsName,
                             DCM_StudyDescription,
                             DCM_ReferringPhysicianName,
                             DCM_ImageComments,
                             DCM_AccessionNumber,
                             DCM_StationName,
                             DCM_DeviceSerialNumber,
                             DCM_RETIRED_OtherPatientIDs,
                             DCM_IssuerOfPatientID,
                             DCM_TextValue,
                             DCM_BeamName,
                             DCM_RetrieveURI,
                             DCM_RetrieveAETitle,
                             DCM_Manufacturer,
                             DCM_ConvolutionKernel,
                             DCM_LongCodeValue};
  for (const DcmTagKey& tag : texts) check(item.putAndInsertString(tag, "SECRET"));
  check(item.putAndInsertString(DCM_BodyPartExamined, "SECRET"));
  check(item.putAndInsertString(DCM_SpacingBetweenSlices, "SECRET"));
  check(item.putAndInsertString(DCM_IrradiationEventUID, "1.2.SECRET"));
  check(item.putAndInsertString(DCM_ContextUID, "1.2.840.10008.SECRET"));
  check(item.putAndInsertString(DcmTag(0x0009, 0x0010, EVR_LO), "SECRET CREATOR"));
  check(item.putAndInsertString(DcmTag(0x0009, 0x1001, EVR_PN), "SECRET"));
  check(item.putAndInsertString(DcmTag(0x0008, 0xfff2, EVR_LT), "SECRET"));  // in no dictionary
  check(item.putAndInsertString(DcmTag(0x0028, 0x0030, EVR_UT), "SECRET"));  // Pixel Spacing as text
  for (const DcmTag& tag :
       {DcmTag(0x0008, 0xfff0, EVR_OB), DcmTag(0x0008, 0xfff4, EVR_UN), DcmTag(0x0028, 0x2000, EVR_OB),
        DcmTag(0x6000, 0x3000, EVR_OB), DcmTag(0x5000, 0x3000, EVR_OB), DcmTag(0x0010, 0x0010, EVR_UN),
        DcmTag(0x0018, 0x0060, EVR_UN), DcmTag(0x0042, 0x0011, EVR_OB), DcmTag(0xfffc, 0xfffc, EVR_OB)})
    put_bytes(item, tag);
}

TEST_F(DeidentifyTest, NoByteOfThePatientIsLeftAnywhere) {
  fs::rename(source_ / "ct_0000.dcm", source_ / "SECRET_NAME.dcm");
  edit(source_ / "SECRET_NAME.dcm", [](DcmDataset& data) {
    const std::string spacing = dicom::text(data, DCM_PixelSpacing);
    plant(data);
    check(data.putAndInsertString(DCM_PixelSpacing, spacing.c_str()));
    DcmItem* item = nullptr;
    for (const DcmTagKey& sequence :
         {DCM_ReferencedImageSequence, DCM_AnatomicRegionSequence, DCM_IconImageSequence,
          DCM_RequestAttributesSequence, DCM_ContentSequence}) {
      check(data.findOrCreateSequenceItem(sequence, item, 1));
      plant(*item);
      DcmItem* inner = nullptr;
      check(item->findOrCreateSequenceItem(DCM_PurposeOfReferenceCodeSequence, inner, 0));
      plant(*inner);
      check(inner->putAndInsertString(DCM_CodingSchemeDesignator, "99LOCAL"));
      check(inner->putAndInsertString(DCM_CodeMeaning, "seen by Dr SECRET"));
    }
    check(data.findOrCreateSequenceItem(DcmTag(0x0009, 0x1002, EVR_SQ), item, 0));
    plant(*item);
  });
  // The preamble and an application's name in the file's own header.
  std::string bytes = bytes_of(source_ / "SECRET_NAME.dcm");
  bytes.replace(0, 6, "SECRET");
  const std::string version = "OFFIS_DCMTK_";
  ASSERT_NE(bytes.find(version), std::string::npos);
  bytes.replace(bytes.find(version), 12, "SECRET-AE-12");
  std::ofstream(source_ / "SECRET_NAME.dcm", std::ios::binary) << bytes;
  write_rtstruct({"Liver", "GTV SECRET"});
  std::ofstream(source_ / "SECRET.txt") << "SECRET";

  const DeidentifyReport report = run();
  EXPECT_EQ(report.written_count, 4);
  EXPECT_EQ(report.not_dicom_count, 1);
  EXPECT_THAT(report.refused, IsEmpty());
  EXPECT_THAT(report.notes, Contains(HasSubstr("BeamName")));
  expect_no_secret(report);
  for (const fs::path& file : written()) EXPECT_EQ(bytes_of(file).substr(0, 128), std::string(128, '\0'));
}

TEST_F(DeidentifyTest, WhatThePictureNeedsStays) {
  const fs::path file = source_ / "ct_0000.dcm";
  edit(file, [](DcmDataset& data) {
    check(data.putAndInsertString(DCM_ConvolutionKernel, "B30f"));
    check(data.putAndInsertString(DCM_BodyPartExamined, "ABDOMEN"));
    check(data.putAndInsertString(DCM_KVP, "120"));
    check(data.putAndInsertString(DCM_PatientAge, "093Y"));
    check(data.putAndInsertString(DCM_ContentDescription, "of Mr Miller"));
    check(data.putAndInsertString(DCM_StudyDate, "20200102"));
    check(data.putAndInsertString(DCM_SeriesDate, "20200102"));
    DcmItem* code = nullptr;
    check(data.findOrCreateSequenceItem(DCM_AnatomicRegionSequence, code, 0));
    check(code->putAndInsertString(DCM_CodeValue, "10200004"));
    check(code->putAndInsertString(DCM_CodingSchemeDesignator, "SCT"));
    check(code->putAndInsertString(DCM_CodeMeaning, "Liver"));
  });
  run();
  const fs::path clean = written().front();
  const std::pair<DcmTagKey, const char*> expected[] = {{DCM_ConvolutionKernel, "B30f"},
                                                        {DCM_BodyPartExamined, "ABDOMEN"},
                                                        {DCM_KVP, "120"},
                                                        {DCM_CodeMeaning, "Liver"},
                                                        {DCM_CodeValue, "10200004"},
                                                        {DCM_Manufacturer, "Hepar"},
                                                        {DCM_StudyDate, ""},
                                                        {DCM_SeriesDate, "19000101"},
                                                        {DCM_PatientPosition, "HFS"}};
  for (const auto& [tag, value] : expected) {
    EXPECT_EQ(value_of(clean, tag), value) << DcmTag(tag).getTagName();
  }
  EXPECT_FALSE(has(clean, DCM_PatientAge));
  EXPECT_EQ(value_of(clean, DCM_ContentDescription), "");  // objects may need it, of type 2
  DcmFileFormat format;
  check(format.loadFile(clean.c_str()));
  DcmItem* code = nullptr;
  check(format.getDataset()->findAndGetSequenceItem(DCM_AnatomicRegionSequence, code));
  EXPECT_EQ(dicom::text(*code, DCM_CodeMeaning), "Liver");
}

TEST_F(DeidentifyTest, StructureSetsStillReferToTheirCt) {
  write_rtstruct({"Liver", "GTV_1", "Mueller liver", "GTV 19581203"});
  const DeidentifyReport report = run();
  EXPECT_THAT(report.notes, Contains(AllOf(HasSubstr("Names of ROIs"), HasSubstr("2"))));
  const CtGrid ct = read_ct_grid(output_);
  fs::path file;
  for (const fs::path& each : written()) {
    if (each.filename() == "RTSTRUCT_0001.dcm") file = each;
  }
  DcmFileFormat format;
  check(format.loadFile(file.c_str()));
  DcmDataset& data = *format.getDataset();
  EXPECT_EQ(dicom::text(data, DCM_StudyInstanceUID), ct.study_uid);
  DcmItem* item = nullptr;
  const char* names[] = {"Liver", "GTV_1", "ROI 3", "ROI 4"};
  for (signed long n = 0; n < 4; ++n) {
    check(data.findAndGetSequenceItem(DCM_StructureSetROISequence, item, n));
    EXPECT_EQ(dicom::text(*item, DCM_ROIName), names[n]);
    EXPECT_EQ(dicom::text(*item, DCM_ReferencedFrameOfReferenceUID), ct.frame_of_reference_uid);
  }
  check(data.findAndGetSequenceItem(DCM_ROIContourSequence, item));
  DcmItem *contour = nullptr, *image = nullptr;
  check(item->findAndGetSequenceItem(DCM_ContourSequence, contour));
  EXPECT_EQ(dicom::text(*contour, DCM_ContourData), "1\\2\\10\\3\\2\\10\\3\\4.5\\10");
  check(contour->findAndGetSequenceItem(DCM_ContourImageSequence, image));
  EXPECT_EQ(dicom::text(*image, DCM_ReferencedSOPInstanceUID), ct.slices[1].sop_instance_uid);
  EXPECT_EQ(dicom::text(*image, DCM_ReferencedSOPClassUID), UID_CTImageStorage);
}

TEST_F(DeidentifyTest, ContoursBeyond64KilobytesStay) {
  // In explicit VR such a value is stored as UN, since DS has lengths of 16 bits.
  const fs::path file = write_rtstruct({"Liver"});
  std::string points = "1\\2\\10";
  for (int n = 0; n < 10000; ++n) points += "\\3.25\\4.5\\10";
  edit(file, [&](DcmDataset& data) {
    DcmItem *item = nullptr, *contour = nullptr;
    check(data.findAndGetSequenceItem(DCM_ROIContourSequence, item));
    check(item->findAndGetSequenceItem(DCM_ContourSequence, contour));
    check(contour->putAndInsertString(DCM_ContourData, points.c_str()));
  });
  run();
  std::string all;
  for (const auto& [name, bytes] : files_in(output_)) all += bytes;
  EXPECT_NE(all.find(points), std::string::npos);
}

TEST_F(DeidentifyTest, OneKeyGivesTheSameResultAndAnotherADifferentOne) {
  run();
  const auto first = files_in(output_);
  fs::remove_all(output_);
  run();
  EXPECT_EQ(files_in(output_), first);
  fs::remove_all(output_);
  run({"another key of sixteen bytes and more", ""});
  const auto other = files_in(output_);
  for (const auto& [name, bytes] : other) EXPECT_FALSE(first.contains(name)) << name;
  fs::remove_all(output_);
  run({});  // a random key
  for (const auto& [name, bytes] : files_in(output_))
    EXPECT_FALSE(first.contains(name) || other.contains(name));
}

TEST(PlainStructureName, IsMadeOfTheFieldsWords) {
  for (const char* name : {"Liver", "LIVER", "GTV", "GTV1", "GTV_1.2", "CTV 5mm", "Kidney L", "livertumor",
                           "Liver-GTV", "PTV_60Gy", "portalvein"})
    EXPECT_TRUE(dicom::is_plain_structure_name(name)) << name;
  for (const char* name : {"", "Smith", "GTV Smith", "Liver Mueller", "GTV 19581203", "12.03.58", "xliver",
                           "Lev\xc3\xa9", "gtv\nliver", "liverl"})
    EXPECT_FALSE(dicom::is_plain_structure_name(name)) << name;
}

}  // namespace
}  // namespace hepar
