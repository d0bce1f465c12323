// SPDX-License-Identifier: Apache-2.0
#include <set>

#include "hepar/dicom/deidentify_fixture.h"
#include "hepar/io/test_scratch_folder.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST_F(DeidentifyTest, ObjectsThatMayShowTheNameAreRefused) {
  const std::pair<DcmTagKey, const char*> changes[] = {{DCM_BurnedInAnnotation, "YES"},
                                                       {DCM_ImageType, "DERIVED\\SECONDARY\\SCREEN SAVE"},
                                                       {DCM_SOPClassUID, UID_SecondaryCaptureImageStorage},
                                                       {DCM_SOPClassUID, UID_EncapsulatedPDFStorage},
                                                       {DCM_SOPClassUID, UID_BasicTextSRStorage},
                                                       {DCM_SOPClassUID, UID_UltrasoundImageStorage},
                                                       {DCM_SOPClassUID, "1.3.12.2.1107.5.9.1"}};
  for (const auto& [tag, value] : changes) {
    SetUp();
    edit(source_ / "ct_0001.dcm", [&](DcmDataset& data) { check(data.putAndInsertString(tag, value)); });
    const DeidentifyReport report = run();
    EXPECT_EQ(report.written_count, 2);
    EXPECT_THAT(report.refused, ElementsAre(HasSubstr("File 2 of 3"))) << value;
    expect_no_secret(report);
  }
  SetUp();
  edit(source_ / "ct_0001.dcm",
       [](DcmDataset& data) { check(data.putAndInsertUint16(DcmTag(0x6000, 0x0102, EVR_US), 12)); });
  EXPECT_THAT(run().refused, ElementsAre(HasSubstr("overlay within its pixels")));
}

TEST_F(DeidentifyTest, DamagedFilesAreNamedByTheirNumberAndLeaveNothing) {
  fs::resize_file(source_ / "ct_0001.dcm", fs::file_size(source_ / "ct_0001.dcm") - 10);
  fs::resize_file(source_ / "ct_0002.dcm", 400);
  const DeidentifyReport report = run();
  EXPECT_EQ(report.written_count, 1);
  EXPECT_THAT(report.refused, ElementsAre(AllOf(HasSubstr("File 2 of 3"), HasSubstr("damaged")),
                                          AllOf(HasSubstr("File 3 of 3"), HasSubstr("damaged"))));
  EXPECT_EQ(written().size(), 1U);
}

// DCMTK's own writing does not see it when the last buffer does not fit.
TEST_F(DeidentifyTest, AFullDiskLeavesNothing) {
  const auto bytes = fs::file_size(source_ / "ct_0002.dcm");
  const io::FileSizeLimit limit(bytes / 2);
  EXPECT_THAT(refusal(ErrorCode::kExhausted), Not(IsEmpty()));
  EXPECT_FALSE(fs::exists(output_));
}

TEST_F(DeidentifyTest, PatientsStayApartAndGetOneIdOnlyAlone) {
  run({kKey, "P001"});
  EXPECT_EQ(value_of(written().front(), DCM_PatientID), "P001");
  fs::remove_all(output_);
  edit(source_ / "ct_0002.dcm",
       [](DcmDataset& data) { check(data.putAndInsertString(DCM_PatientID, "SECRET-ID-2")); });
  EXPECT_THAT(refusal(ErrorCode::kInvalidInput, {kKey, "P001"}), HasSubstr("2 patients"));
  EXPECT_FALSE(fs::exists(output_));
  run();
  std::set<std::string> ids;
  for (const fs::path& file : written()) ids.insert(value_of(file, DCM_PatientID));
  EXPECT_EQ(ids.size(), 2U);
}

TEST_F(DeidentifyTest, RefusesWhatCanNotBeDone) {
  EXPECT_THAT(refusal(ErrorCode::kInvalidInput, {"short", ""}), HasSubstr("5 bytes"));
  EXPECT_THAT(refusal(ErrorCode::kInvalidInput, {kKey, "a b"}), HasSubstr("patient ID"));
  output_ = source_ / "inside";
  EXPECT_THAT(refusal(ErrorCode::kInvalidInput), HasSubstr("within the source"));
  output_ = source_;
  EXPECT_THAT(refusal(ErrorCode::kInvalidInput), HasSubstr("within the source"));
  output_ = folder_ / "full";
  fs::create_directories(output_ / "something");
  EXPECT_THAT(refusal(ErrorCode::kInvalidInput), HasSubstr("not an empty folder"));
  output_ = folder_ / "out", source_ = folder_ / "full";
  EXPECT_THAT(refusal(ErrorCode::kMissing), HasSubstr("no DICOM file"));
  source_ = folder_ / "nowhere";
  EXPECT_THAT(refusal(ErrorCode::kMissing), HasSubstr("no such folder"));
}

}  // namespace
}  // namespace hepar
