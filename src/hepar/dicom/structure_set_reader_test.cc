// SPDX-License-Identifier: Apache-2.0
#include <dcmtk/config/osconfig.h>
// osconfig.h must come first
#include <dcmtk/dcmdata/dctk.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/dicom/structure_set.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kTriangle = "1\\2\\3\\4\\5\\3\\1\\5\\3";

void require(const OFCondition& status) { ASSERT_TRUE(status.good()) << status.text(); }

DcmItem& append(DcmItem& parent, const DcmTagKey& sequence) {
  DcmItem* item = nullptr;
  require(parent.findOrCreateSequenceItem(sequence, item, -2));
  return *item;
}

void put(DcmItem& item, const DcmTagKey& tag, const std::string& value) {
  require(item.putAndInsertString(tag, value.c_str()));
}

// One value with another representation than that of its tag.
void put_unknown(DcmItem& item, const DcmTagKey& tag, const std::string& bytes) {
  auto* element = new DcmOtherByteOtherWord(DcmTag(tag, EVR_UN));
  require(element->putUint8Array(reinterpret_cast<const Uint8*>(bytes.data()),
                                 static_cast<Uint32>(bytes.size())));
  require(item.insert(element, OFTrue));
}

class ReadStructureSet : public testing::Test {
 protected:
  ReadStructureSet() {
    put(dataset(), DCM_SOPClassUID, UID_RTStructureSetStorage);
    put(dataset(), DCM_SOPInstanceUID, "1.2.3");
    put(dataset(), DCM_Modality, "RTSTRUCT");
    put(dataset(), DCM_PatientName, "Secret^Name");
  }
  ~ReadStructureSet() override { fs::remove(file_); }

  DcmDataset& dataset() { return *format_.getDataset(); }
  DcmItem& add_roi(int number, const std::string& name) {
    DcmItem& roi = append(dataset(), DCM_StructureSetROISequence);
    put(roi, DCM_ROINumber, std::to_string(number));
    put(roi, DCM_ROIName, name);
    return roi;
  }
  DcmItem& add_contours_of(int number) {
    DcmItem& contours = append(dataset(), DCM_ROIContourSequence);
    put(contours, DCM_ReferencedROINumber, std::to_string(number));
    return contours;
  }
  static DcmItem& add_contour(DcmItem& contours, const std::string& data,
                              const std::string& type = "CLOSED_PLANAR") {
    DcmItem& contour = append(contours, DCM_ContourSequence);
    if (!type.empty()) put(contour, DCM_ContourGeometricType, type);
    put(contour, DCM_ContourData, data);
    return contour;
  }
  StructureSet read(E_TransferSyntax syntax = EXS_LittleEndianExplicit) {
    require(format_.saveFile(file_.c_str(), syntax));
    return read_structure_set(file_);
  }
  std::string refusal(ErrorCode code) {
    try {
      read();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code);
      EXPECT_THAT(error.what(), Not(HasSubstr("Secret")));
      return error.what();
    }
    ADD_FAILURE() << "not refused";
    return "";
  }

  fs::path file_ = fs::temp_directory_path() / fmt::format("hepar_structure_set_{}.dcm", ::getpid());
  DcmFileFormat format_;
};

TEST_F(ReadStructureSet, TakesEveryTransferSyntax) {
  put(dataset(), DCM_StructureSetLabel, "Plan A");
  add_roi(7, "GTV-1");
  DcmItem& contours = add_contours_of(7);
  put(contours, DCM_ROIDisplayColor, "1\\20\\255");
  append(add_contour(contours, kTriangle), DCM_ContourImageSequence)
      .putAndInsertString(DCM_ReferencedSOPInstanceUID, "1.2.3.4");
  DcmItem& observation = append(dataset(), DCM_RTROIObservationsSequence);
  put(observation, DCM_ReferencedROINumber, "7");
  put(observation, DCM_RTROIInterpretedType, "GTV");
  for (const E_TransferSyntax syntax : {EXS_LittleEndianImplicit, EXS_LittleEndianExplicit,
                                        EXS_BigEndianExplicit, EXS_DeflatedLittleEndianExplicit}) {
    const StructureSet set = read(syntax);
    EXPECT_EQ(set.label, "Plan A");
    EXPECT_THAT(set.notes, IsEmpty());
    ASSERT_EQ(set.rois.size(), 1U);
    const Roi& roi = set.rois[0];
    EXPECT_EQ(roi.number, 7);
    EXPECT_EQ(roi.name, "GTV-1");
    EXPECT_EQ(roi.interpreted_type, "GTV");
    EXPECT_EQ(roi.colour, (Rgb{1, 20, 255}));
    ASSERT_EQ(roi.contours.size(), 1U);
    EXPECT_EQ(roi.contours[0].image_uid, "1.2.3.4");
    EXPECT_THAT(roi.contours[0].points_mm, ElementsAre(Vec3{1, 2, 3}, Vec3{4, 5, 3}, Vec3{1, 5, 3}));
  }
}

TEST_F(ReadStructureSet, TakesNumbersOfAnyForm) {
  add_roi(1, "Liver");
  // 17 and more bytes, signs, exponents, blanks, and a tail of padding.
  add_contour(add_contours_of(1),
              "-123.4567890123456789\\+2\\3.0E1\\ 4 \\-.5\\30\\1e-3\\ +7.\\30.000000000000000000000  ");
  EXPECT_THAT(read().rois[0].contours[0].points_mm,
              ElementsAre(Vec3{-123.4567890123456789, 2, 30}, Vec3{4, -.5, 30}, Vec3{.001, 7, 30}));
}

TEST_F(ReadStructureSet, TakesContourDataBeyondDecimalStrings) {
  add_roi(1, "Liver");
  std::string data;
  for (int n = 0; n < 30000; ++n) data += fmt::format("{}{}\\{}.5\\-3", n == 0 ? "" : "\\", n, 2 * n);
  ASSERT_GT(data.size(), 65534U);  // DCMTK writes it as UN
  add_contour(add_contours_of(1), data);
  const std::vector<RoiContour> contours = read().rois[0].contours;
  ASSERT_EQ(contours[0].points_mm.size(), 30000U);
  EXPECT_EQ(contours[0].points_mm[29999], (Vec3{29999, 59998.5, -3}));
}

TEST_F(ReadStructureSet, TakesUnknownRepresentations) {
  add_roi(1, "Liver");
  DcmItem& contour = append(add_contours_of(1), DCM_ContourSequence);
  put_unknown(contour, DCM_ContourData, std::string(kTriangle).append(" "));
  EXPECT_EQ(read().rois[0].contours[0].points_mm.size(), 3U);
}

// All sequences went through a program that did not know their tags.
TEST_F(ReadStructureSet, TakesSequencesOfUnknownRepresentation) {
  put(dataset(), DCM_SpecificCharacterSet, "ISO_IR 100");
  add_roi(1, "L\xe9sion");
  add_contour(add_contours_of(1), kTriangle);
  for (const DcmTagKey& tag : {DCM_StructureSetROISequence, DCM_ROIContourSequence}) {
    DcmDataset alone;
    require(alone.insert(dataset().remove(tag)));
    require(alone.saveFile(file_.c_str(), EXS_LittleEndianImplicit, EET_ExplicitLength));
    put_unknown(dataset(), tag, read_text_file(file_).substr(8));  // without tag and length
  }
  const StructureSet set = read();
  ASSERT_EQ(set.rois.size(), 1U);
  EXPECT_EQ(set.rois[0].name, "Lésion");
  EXPECT_EQ(set.rois[0].contours.size(), 1U);
}

TEST_F(ReadStructureSet, SaysWhatIsPassedOver) {
  add_roi(1, "Liver");
  add_roi(2, "never drawn");
  add_roi(2, "the same number");
  put(append(dataset(), DCM_StructureSetROISequence), DCM_ROIName, "no number");
  DcmItem& contours = add_contours_of(1);
  add_contour(contours, kTriangle);
  add_contour(contours, kTriangle, "");  // counts as closed
  add_contour(contours, kTriangle, "CLOSEDPLANAR_XOR");
  add_contour(contours, "1\\2\\3", "POINT");
  add_contour(contours, "1\\2\\3", "POINT");
  add_contour(contours, kTriangle, "OPEN_PLANAR");
  add_contour(contours, kTriangle, "OPEN_NONPLANAR");
  add_contour(contours, kTriangle, "SPHERE");
  add_contour(contours, "1\\2\\3\\4\\5\\6");
  add_contour(contours, "");
  put(add_contour(contours, kTriangle), DCM_NumberOfContourPoints, "2");
  put(add_contour(contours, kTriangle), DcmTagKey(0x3006, 0x0045), "0\\0\\2.5");
  put(add_contour(contours, kTriangle), DcmTagKey(0x3006, 0x0045), "0\\0\\0");
  add_contour(add_contours_of(99), kTriangle);
  const StructureSet set = read();
  ASSERT_EQ(set.rois.size(), 4U);
  EXPECT_EQ(set.rois[0].contours.size(), 6U);
  EXPECT_THAT(set.rois[1].contours, IsEmpty());
  EXPECT_THAT(set.rois[2].contours, IsEmpty());
  EXPECT_THAT(set.notes,
              ElementsAre(HasSubstr("2 points"), HasSubstr("2 open contours"),
                          HasSubstr("2 closed contours of less than three points"),
                          HasSubstr("1 contours of an unknown geometric type"),
                          HasSubstr("1 contours belong to no ROI"),
                          HasSubstr("1 contours are to be combined by exclusive or"),
                          HasSubstr("1 contours state fewer points"), HasSubstr("1 contours state an offset"),
                          HasSubstr("1 ROIs have the number of another one"),
                          HasSubstr("1 ROIs have no valid number")));
}

TEST_F(ReadStructureSet, TakesEveryNumberOfAnIntegerString) {
  for (const int number : {2147483647, 1500000001, 1500000002, -1, -2147483647 - 1}) {
    add_roi(number, std::to_string(number));
    add_contour(add_contours_of(number), kTriangle);
  }
  const StructureSet set = read();
  EXPECT_THAT(set.notes, IsEmpty());
  ASSERT_EQ(set.rois.size(), 5U);
  for (const Roi& roi : set.rois) {
    EXPECT_EQ(std::to_string(roi.number), roi.name);
    EXPECT_EQ(roi.contours.size(), 1U) << roi.name;
  }
}

TEST_F(ReadStructureSet, NumbersThatAreNoneMeetNoRoi) {
  put(add_roi(1, "beyond an integer"), DCM_ROINumber, "3000000001");
  put(add_contours_of(1), DCM_ReferencedROINumber, "3000000002");
  add_contour(append(dataset(), DCM_ROIContourSequence), kTriangle);
  const StructureSet set = read();
  EXPECT_THAT(set.rois[0].contours, IsEmpty());
  EXPECT_THAT(set.notes,
              ElementsAre(HasSubstr("belong to no ROI"), HasSubstr("1 ROIs have no valid number")));
}

TEST_F(ReadStructureSet, RefusesContoursOfANumberThatTwoRoisHave) {
  add_roi(8, "Liver");
  add_roi(8, "GTV");
  add_contour(add_contours_of(8), kTriangle);
  EXPECT_THAT(refusal(ErrorCode::kCorrupt), HasSubstr("number 8, which more than one ROI has"));
}

TEST_F(ReadStructureSet, RefusesContoursThatAreCutOff) {
  add_roi(4, "Liver");
  DcmItem& contour = add_contour(add_contours_of(4), kTriangle);
  put(contour, DCM_NumberOfContourPoints, "4");
  EXPECT_THAT(refusal(ErrorCode::kCorrupt),
              HasSubstr("contour 1 of ROI number 4 states 4 points and holds 3"));
  contour.findAndDeleteElement(DCM_ContourData);
  EXPECT_THAT(refusal(ErrorCode::kCorrupt), HasSubstr("states 4 points and holds 0"));
}

TEST_F(ReadStructureSet, RefusesCoordinatesThatCannotBeGot) {
  add_roi(4, "Liver");
  DcmItem& contour = append(add_contours_of(4), DCM_ContourSequence);
  auto* element = new DcmFloatingPointDouble(DcmTag(DCM_ContourData, EVR_FD));
  require(element->putFloat64(1, 0));
  require(contour.insert(element, OFTrue));
  EXPECT_THAT(refusal(ErrorCode::kCorrupt),
              HasSubstr("contour 1 of ROI number 4 has coordinates that can't be read"));
}

// Sequences that are there, but hold what is no sequence: not the same as those without an item.
TEST_F(ReadStructureSet, RefusesSequencesThatAreNone) {
  add_roi(1, "Liver");
  DcmItem& contours = add_contours_of(1);
  put_unknown(contours, DCM_ContourSequence, "not a sequence of items ");
  EXPECT_THAT(refusal(ErrorCode::kCorrupt), HasSubstr("ContourSequence can't be read"));
  put_unknown(contours, DCM_ContourSequence, "");
  EXPECT_THAT(read().rois[0].contours, IsEmpty());
  for (const DcmTagKey& tag : {DCM_ROIContourSequence, DCM_StructureSetROISequence}) {
    put_unknown(dataset(), tag, "not a sequence of items ");
    EXPECT_THAT(refusal(ErrorCode::kCorrupt), HasSubstr("can't be read"));
    dataset().findAndDeleteElement(tag);
  }
}

TEST_F(ReadStructureSet, FindsTheFrameOfReferenceWhereverItIs) {
  EXPECT_EQ(read().frame_of_reference_uid, "");
  put(dataset(), DCM_FrameOfReferenceUID, "1.1");
  EXPECT_EQ(read().frame_of_reference_uid, "1.1");
  DcmItem& frame = append(dataset(), DCM_ReferencedFrameOfReferenceSequence);
  put(frame, DCM_FrameOfReferenceUID, "1.2");
  put(append(append(frame, DCM_RTReferencedStudySequence), DCM_RTReferencedSeriesSequence),
      DCM_SeriesInstanceUID, "1.9");
  EXPECT_EQ(read().frame_of_reference_uid, "1.2");
  EXPECT_EQ(read().series_uid, "1.9");
  add_roi(1, "Liver");
  put(add_roi(2, "GTV"), DCM_ReferencedFrameOfReferenceUID, "1.3");
  put(add_roi(3, "on another scan"), DCM_ReferencedFrameOfReferenceUID, "1.4");
  const StructureSet set = read();
  EXPECT_EQ(set.frame_of_reference_uid, "1.3");
  EXPECT_EQ(set.rois[0].frame_of_reference_uid, "1.3");
  EXPECT_EQ(set.rois[2].frame_of_reference_uid, "1.4");
}

TEST_F(ReadStructureSet, RefusesCoordinatesThatAreNoPoints) {
  add_roi(4, "Liver");
  DcmItem& contours = add_contours_of(4);
  add_contour(contours, kTriangle);
  DcmItem& contour = add_contour(contours, "1\\2\\3\\4\\5\\6\\7\\8");
  EXPECT_THAT(refusal(ErrorCode::kCorrupt),
              AllOf(HasSubstr("contour 2 of ROI number 4"), HasSubstr("8 coordinates")));
  for (const char* wrong : {"1\\2\\x", "1\\2\\nan", "1\\inf\\3", "1\\2\\1e999", "1,5\\2\\3", "1\\\\3",
                            "1 2\\3", "1\\2\\3\\", "\\", "- 1\\2\\3", "+-1\\2\\3"}) {
    put(contour, DCM_ContourData, wrong);
    EXPECT_THAT(refusal(ErrorCode::kCorrupt),
                AllOf(HasSubstr("contour 2 of ROI number 4"), HasSubstr("no number")))
        << wrong;
  }
}

TEST_F(ReadStructureSet, RefusesOtherObjects) {
  put(dataset(), DCM_SOPClassUID, UID_CTImageStorage);
  put(dataset(), DCM_Modality, "CT");
  EXPECT_THAT(refusal(ErrorCode::kInvalidInput), HasSubstr("modality CT, not an RT Structure Set"));
}

TEST_F(ReadStructureSet, RefusesWhatIsNoDicomFile) {
  const auto code_of = [this] {
    try {
      read_structure_set(file_);
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::kInternal;
  };
  EXPECT_EQ(code_of(), ErrorCode::kMissing);
  write_text_file(file_, "RTSTRUCT");
  EXPECT_EQ(code_of(), ErrorCode::kInvalidInput);
  fs::remove(file_);
  file_ = std::string(5000, 'x');  // longer than a path may be, which asking for it fails on
  EXPECT_EQ(code_of(), ErrorCode::kMissing);
  file_ = "absent";
}

TEST_F(ReadStructureSet, RefusesATruncatedFile) {
  add_roi(1, "Liver");
  add_contour(add_contours_of(1), kTriangle);
  read();
  const std::string bytes = read_text_file(file_);
  std::size_t cut = bytes.find(kTriangle);
  ASSERT_NE(cut, std::string::npos);
  for (; cut < bytes.size(); ++cut) {
    write_text_file(file_, std::string_view(bytes).substr(0, cut));
    EXPECT_THROW(read_structure_set(file_), Error) << "cut " << bytes.size() - cut << " bytes before the end";
  }
}

}  // namespace
}  // namespace hepar
