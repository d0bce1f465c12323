// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/folder_inventory.h"

#include <dcmtk/config/osconfig.h>
// osconfig.h must come first
#include <dcmtk/dcmdata/dctk.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/dicom/synthetic_series.h"
#include "hepar/digest/sha256.h"

namespace hepar::dicom {
namespace {
namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* kSeries = "1.2.3.111111";  // of SyntheticSlice

class Inventory : public testing::Test {
 protected:
  void SetUp() override { make_folder(root_); }
  void TearDown() override { fs::remove_all(root_); }
  // The only series that the folder holds.
  DicomSeries only() const {
    const FolderInventory inventory = take_inventory(root_);
    EXPECT_THAT(inventory.series, SizeIs(1));
    return inventory.series.empty() ? DicomSeries{} : inventory.series.front();
  }
  // An object that refers to a series, an instance or a frame of reference, each empty for none.
  void write_object(const std::string& name, const std::string& modality, const std::string& series,
                    const std::string& instance, const std::string& frame) const {
    DcmFileFormat format;
    DcmDataset& dataset = *format.getDataset();
    dataset.putAndInsertString(DCM_Modality, modality.c_str());
    dataset.putAndInsertString(DCM_SOPClassUID,
                               modality == "SEG" ? UID_SegmentationStorage : UID_RTStructureSetStorage);
    dataset.putAndInsertString(DCM_SOPInstanceUID, fmt_uid(name).c_str());
    dataset.putAndInsertString(DCM_SeriesInstanceUID, fmt_uid(name + " series").c_str());
    dataset.putAndInsertString(DCM_PatientID, "secret-id");
    const DcmTagKey structures = modality == "SEG" ? DCM_SegmentSequence : DCM_StructureSetROISequence;
    DcmItem* item = nullptr;
    for (int n = 0; n < 2; ++n) dataset.findOrCreateSequenceItem(structures, item, n);
    if (!series.empty()) {
      dataset.findOrCreateSequenceItem(DCM_ReferencedSeriesSequence, item, 0);
      item->putAndInsertString(DCM_SeriesInstanceUID, series.c_str());
    }
    if (!frame.empty()) {
      dataset.findOrCreateSequenceItem(DCM_ReferencedFrameOfReferenceSequence, item, 0);
      item->putAndInsertString(DCM_FrameOfReferenceUID, frame.c_str());
    }
    if (!instance.empty()) {
      dataset.findOrCreateSequenceItem(DCM_ROIContourSequence, item, 0);
      DcmItem *contour = nullptr, *image = nullptr;
      item->findOrCreateSequenceItem(DCM_ContourSequence, contour, 0);
      contour->findOrCreateSequenceItem(DCM_ContourImageSequence, image, 0);
      image->putAndInsertString(DCM_ReferencedSOPInstanceUID, instance.c_str());
    }
    ASSERT_TRUE(format.saveFile((root_ / name).c_str(), EXS_LittleEndianExplicit).good());
  }
  static std::string fmt_uid(const std::string& name) {
    return "1.2.4." + std::to_string(1 + std::hash<std::string>()(name) % 1000000);
  }

  fs::path root_ =
      fs::temp_directory_path() / ("hepar_inventory_" + std::to_string(::getpid()) + "_" +
                                   testing::UnitTest::GetInstance()->current_test_info()->name());
};

TEST_F(Inventory, StatesWhatASeriesIs) {
  write_slices(root_, even_slices(3));  // at 0, 5 and 10 mm, of 6 x 4 pixels, spaced 0.8 and 0.7 mm
  write_text_file(root_ / "notes.txt", "no DICOM");
  const FolderInventory inventory = take_inventory(root_);
  EXPECT_EQ(inventory.file_count, 4);
  EXPECT_EQ(inventory.not_dicom_count, 1);
  EXPECT_THAT(inventory.unreadable, IsEmpty());
  ASSERT_THAT(inventory.series, SizeIs(1));
  const DicomSeries& series = inventory.series.front();
  EXPECT_EQ(series.uid, kSeries);
  EXPECT_EQ(series.modality, "CT");
  EXPECT_EQ(series.patient, sha256_hex("secret-id\n").substr(0, 8));
  EXPECT_EQ(series.columns, 6);
  EXPECT_EQ(series.rows, 4);
  EXPECT_EQ(series.slice_count, 3);
  EXPECT_EQ(series.row_spacing_mm, 0.8);
  EXPECT_EQ(series.column_spacing_mm, 0.7);
  EXPECT_EQ(series.thickness_mm, 5);
  EXPECT_EQ(series.least_distance_mm, 5);
  EXPECT_EQ(series.most_distance_mm, 5);
  EXPECT_EQ(series.orientation, "axial");
  EXPECT_EQ(series.frame_of_reference_uid, "1.2.3.6");
  EXPECT_THAT(series.transfer_syntaxes, ElementsAre("Little Endian Explicit"));
  EXPECT_THAT(series.problems, IsEmpty());
  EXPECT_EQ(inventory.find(kSeries), &series);
  EXPECT_EQ(inventory.find("1.2"), nullptr);
}

TEST_F(Inventory, OnePatientsIdAtTwoHospitalsAreTwoPatients) {
  auto slices = even_slices(2);
  for (auto& slice : slices) slice.attributes["IssuerOfPatientID"] = "Elsewhere";
  write_slices(root_, slices);
  EXPECT_EQ(only().patient, sha256_hex("secret-id\nElsewhere").substr(0, 8));
}

TEST_F(Inventory, WithoutPatientIdThereIsNoPatient) {
  auto slices = even_slices(2);
  for (auto& slice : slices) slice.attributes["PatientID"] = "";
  write_slices(root_, slices);
  EXPECT_EQ(only().patient, "");
}

TEST_F(Inventory, MissingSlices) {
  auto slices = even_slices(5);
  slices.erase(slices.begin() + 2);
  write_slices(root_, slices);
  const DicomSeries series = only();
  EXPECT_EQ(series.least_distance_mm, 5);
  EXPECT_EQ(series.most_distance_mm, 10);
  EXPECT_THAT(series.problems, ElementsAre(HasSubstr("1 slice is missing")));
}

TEST_F(Inventory, Tilt) {
  auto slices = even_slices(3);
  for (std::size_t n = 0; n < 3; ++n) {
    slices[n].attributes["ImagePositionPatient"] =
        "-100\\" + std::to_string(n) + "\\" + std::to_string(5 * n);
  }
  write_slices(root_, slices);
  EXPECT_THAT(only().problems, ElementsAre(HasSubstr("gantry tilt")));
}

TEST_F(Inventory, TwoPatientsInOneSeries) {
  auto slices = even_slices(3);
  slices[1].attributes["PatientID"] = "other";
  write_slices(root_, slices);
  EXPECT_THAT(only().problems,
              ElementsAre("Its files belong to 2 patients.", HasSubstr("more than one patient")));
}

TEST_F(Inventory, Duplicates) {
  auto slices = even_slices(3);
  slices.push_back(slices[1]);
  write_slices(root_, slices);
  EXPECT_THAT(only().problems, ElementsAre(HasSubstr("1 of its 4 files repeat"),
                                           "1 slices are there twice with the same pixels."));
  EXPECT_EQ(only().slice_count, 3);
  slices[3].first_pixel = 7;
  write_slices(root_, slices);
  EXPECT_THAT(only().problems, ElementsAre(HasSubstr("show something else")));
}

TEST_F(Inventory, SlicesWithoutAPlace) {
  auto slices = even_slices(2);
  for (auto& slice : slices) slice.attributes["PixelSpacing"] = "";
  write_slices(root_, slices);
  EXPECT_THAT(only().problems,
              ElementsAre(HasSubstr("Hepar does not read it: 0.dcm does not say where its slice lies")));
  EXPECT_EQ(only().slice_count, 0);
}

TEST_F(Inventory, Localizers) {
  auto slices = even_slices(2);
  for (auto& slice : slices) slice.attributes["ImageType"] = "ORIGINAL\\PRIMARY\\LOCALIZER";
  write_slices(root_, slices);
  EXPECT_THAT(only().problems, ElementsAre("It is a localizer, not a volume."));
}

TEST_F(Inventory, DamagedFilesAreNamedAndTheRestIsListed) {
  write_slices(root_, even_slices(4));
  const std::string bytes = read_text_file(root_ / "3.dcm");
  write_text_file(root_ / "header.dcm", bytes.substr(0, 500));  // ends amid the attributes
  write_text_file(root_ / "3.dcm", bytes.substr(0, bytes.size() - 20));
  const FolderInventory inventory = take_inventory(root_);
  EXPECT_THAT(
      inventory.unreadable,
      ElementsAre(Field(&DamagedFile::reason, testing::StartsWith("header.dcm is a damaged DICOM file"))));
  ASSERT_THAT(inventory.series, SizeIs(1));
  EXPECT_THAT(inventory.series.front().objects, SizeIs(4));
}

TEST_F(Inventory, ShortFiles) {
  auto slices = even_slices(3);
  slices[2].without_pixels = true;
  for (auto& slice : slices) slice.attributes["Rows"] = "40", slice.attributes["Columns"] = "60";
  write_slices(root_, slices);
  EXPECT_THAT(only().problems, testing::Contains(HasSubstr("truncated")));
}

TEST_F(Inventory, WhatAnObjectWasDrawnOn) {
  make_folder(root_ / "ct");
  write_slices(root_ / "ct", even_slices(2));
  auto second = even_slices(2);
  for (auto& slice : second) slice.series_uid = "1.2.3.22222222";
  make_folder(root_ / "ct2");
  write_slices(root_ / "ct2", second);
  write_object("by_series.dcm", "SEG", kSeries, "", "");
  write_object("by_instance.dcm", "RTSTRUCT", "", "1.2.3.9.100.14", "1.2.3.6");  // of the second CT
  write_object("unclear.dcm", "RTSTRUCT", "", "", "1.2.3.6");                    // both CTs
  write_object("lost.dcm", "SEG", "1.2.99", "", "");
  write_object("other_phase.dcm", "RTSTRUCT", "1.2.99", "", "1.2.3.7");  // a CT in its frame is not enough
  auto third = even_slices(2);
  for (auto& slice : third)
    slice.series_uid = "1.2.3.333333333", slice.attributes["FrameOfReferenceUID"] = "1.2.3.7";
  make_folder(root_ / "ct3");
  write_slices(root_ / "ct3", third);
  const FolderInventory inventory = take_inventory(root_);
  std::map<std::string, std::pair<std::string, std::string>> drawn_on;  // by file: CT, problem
  for (const DicomSeries& series : inventory.series) {
    if (series.modality == "CT") continue;
    ASSERT_THAT(series.objects, SizeIs(1));
    EXPECT_EQ(series.objects.front().structure_count, 2);
    const DicomSeries* ct = inventory.ct_of(series.objects.front());
    drawn_on[series.objects.front().file.filename().string()] = {
        ct == nullptr ? "" : ct->uid, series.problems.empty() ? "" : series.problems.front()};
  }
  EXPECT_EQ(drawn_on["by_series.dcm"], std::pair(std::string(kSeries), std::string()));
  EXPECT_EQ(drawn_on["by_instance.dcm"], std::pair(std::string("1.2.3.22222222"), std::string()));
  EXPECT_EQ(drawn_on["unclear.dcm"].first, "");
  EXPECT_THAT(drawn_on["unclear.dcm"].second, HasSubstr("not here, or not clear"));
  EXPECT_EQ(drawn_on["lost.dcm"].first, "");
  EXPECT_EQ(drawn_on["other_phase.dcm"].first, "");
  EXPECT_THAT(drawn_on["lost.dcm"].second, HasSubstr("not here, or not clear"));
}

TEST_F(Inventory, SlicesOfTwoFramesOfReference) {
  auto slices = even_slices(3);
  slices[1].attributes["FrameOfReferenceUID"] = "1.2.3.7";
  write_slices(root_, slices);
  EXPECT_THAT(only().problems, ElementsAre(HasSubstr("2 frames of reference")));
}

TEST_F(Inventory, NothingTellsThePatient) {
  write_slices(root_, even_slices(2));
  const DicomSeries series = only();
  EXPECT_EQ(series.patient.find("secret"), std::string::npos);
  for (const std::string& problem : series.problems) EXPECT_EQ(problem.find("ecret"), std::string::npos);
}

TEST_F(Inventory, NoSuchFolder) {
  try {
    take_inventory(root_ / "none");
    FAIL() << "not refused";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kMissing);
  }
}

}  // namespace
}  // namespace hepar::dicom
