// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "hepar/dicom/ct_writer.h"
#include "hepar/dicom/segmentation.h"
#include "hepar/dicom/structure_set.h"
#include "hepar/digest/sha256.h"
#include "hepar/pipeline/import_dataset.h"
#include "hepar/pipeline/test_folder.h"
#include "hepar/pipeline/test_import.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

// The borders of the voxels low <= index < high on each slice.
Roi box(const std::string& name, int number, Int3 low, Int3 high, const CtGrid& ct) {
  Roi roi;
  roi.number = number, roi.name = name;
  const double left = static_cast<double>(low.i) - 0.5, right = static_cast<double>(high.i) - 0.5,
               top = static_cast<double>(low.j) - 0.5, bottom = static_cast<double>(high.j) - 0.5;
  for (std::int64_t k = low.k; k < high.k; ++k) {
    const auto z = static_cast<double>(k);
    RoiContour contour;
    for (const Vec3 corner :
         {Vec3{left, top, z}, Vec3{right, top, z}, Vec3{right, bottom, z}, Vec3{left, bottom, z}})
      contour.points_mm.push_back(ct.geometry.world_from_index(corner));
    contour.image_uid = ct.slices[static_cast<std::size_t>(k)].sop_instance_uid;
    roi.contours.push_back(contour);
  }
  return roi;
}

class ImportDicom : public ScratchFolder {
 protected:
  // A patient's folder, called by the patient's name, with one CT.
  CtGrid write_ct_of(const std::string& patient) const {
    const fs::path folder = root_ / "clinic" / patient / "ct";
    write_ct_series(
        folder, import_ct(),
        {.patient_id = patient, .patient_name = patient, .series_description = "", .uid_seed = patient});
    return read_ct_grid(folder);
  }
  void write_rois(const std::string& file, const CtGrid& ct, std::vector<Roi> rois) const {
    StructureSet structures;
    structures.label = "Test";
    structures.frame_of_reference_uid = ct.frame_of_reference_uid, structures.series_uid = ct.series_uid;
    structures.rois = std::move(rois);
    write_structure_set(root_ / "clinic" / file, structures, ct);
  }
  static Roi liver_of(const CtGrid& ct) { return box("LIVER", 1, {1, 1, 1}, {7, 5, 3}, ct); }
  static Roi tumour_of(const CtGrid& ct) { return box("GTV 1", 2, {2, 2, 1}, {4, 4, 3}, ct); }
  ImportReport import(ImportFormat format, const StructureNames& names = {}) const {
    return import_dataset(
        {.format = format, .source = root_ / "clinic", .dataset = root_ / "dataset", .structures = names});
  }
  static std::string name_of(const CtGrid& ct) { return "case_" + sha256_hex(ct.series_uid).substr(0, 8); }
};

TEST_F(ImportDicom, StructureSetsByTheirNames) {
  const CtGrid ct = write_ct_of("DOE_JOHN");
  write_rois("DOE_JOHN/rs.dcm", ct,
             {liver_of(ct), tumour_of(ct), box("Spleen", 3, {6, 1, 1}, {8, 3, 2}, ct)});
  write_ct_of("NOBODY");  // without structures
  const ImportReport report = import(ImportFormat::kDicomRt);
  ASSERT_THAT(report.taken, SizeIs(1)) << import_text(report);
  EXPECT_EQ(report.taken[0].name, name_of(ct));
  EXPECT_THAT(report.taken[0].notes, Contains(HasSubstr("not used: Spleen")));
  EXPECT_THAT(report.notes, ElementsAre(HasSubstr("1 CT series have no RTSTRUCT")));
  EXPECT_THAT(imported_labels(root_ / "dataset", name_of(ct)).voxels(),
              ElementsAreArray(import_labels().voxels()));
  EXPECT_THAT(imported_image(root_ / "dataset", name_of(ct)).voxels(),
              ElementsAreArray(import_ct().voxels()));
}

TEST_F(ImportDicom, NothingTellsThePatient) {
  const CtGrid ct = write_ct_of("DOE_JOHN");
  write_rois("DOE_JOHN/rs.dcm", ct, {liver_of(ct)});
  const CtGrid broken = write_ct_of("ROE_JANE");
  write_rois("ROE_JANE/ROE_JANE", broken, {liver_of(broken)});
  write_text_file(root_ / "clinic/ROE_JANE/ct/ct_0001.dcm", "no DICOM");  // a slice is missing then
  const ImportReport report = import(ImportFormat::kDicomRt);
  EXPECT_THAT(only_refusal(report), HasSubstr("missing"));
  const std::string said = import_text(report) + import_json(report);
  EXPECT_THAT(said, AllOf(Not(HasSubstr("DOE")), Not(HasSubstr("ROE"))));
  EXPECT_EQ(report.taken[0].source, "patient " + sha256_hex("DOE_JOHN\n").substr(0, 8) + ", CT ..." +
                                        ct.series_uid.substr(ct.series_uid.size() - 8));
}

TEST_F(ImportDicom, OtherNamesByPatterns) {
  const CtGrid ct = write_ct_of("A");
  write_rois("rs.dcm", ct,
             {box("Leber", 1, {1, 1, 1}, {7, 5, 3}, ct), box("HCC_1", 2, {2, 2, 1}, {4, 4, 3}, ct),
              box("Zyste links", 3, {5, 3, 2}, {6, 4, 3}, ct)});
  EXPECT_THAT(only_refusal(import(ImportFormat::kDicomRt)), HasSubstr("Leber, HCC_1, Zyste links"));
  const ImportReport report =
      import(ImportFormat::kDicomRt, {.liver = {"leber"}, .tumour = {"hcc_?", "met*"}, .cyst = {"zyste*"}});
  ASSERT_THAT(report.taken, SizeIs(1)) << import_text(report);
  LabelMap expected = import_labels();
  fill(expected, {5, 3, 2}, {6, 4, 3}, kCyst);
  EXPECT_THAT(imported_labels(root_ / "dataset", name_of(ct)).voxels(), ElementsAreArray(expected.voxels()));
  // Other patterns would give other labels.
  EXPECT_THAT(error_of(ErrorCode::kInvalidInput, [&] { import(ImportFormat::kDicomRt); }),
              HasSubstr("other names of structures"));
}

TEST_F(ImportDicom, TwoVersionsOfOneContourAreRefused) {
  const CtGrid ct = write_ct_of("A");
  write_rois("one.dcm", ct, {liver_of(ct), tumour_of(ct)});
  write_rois("two.dcm", ct, {liver_of(ct)});
  EXPECT_THAT(only_refusal(import(ImportFormat::kDicomRt)),
              HasSubstr("2 structure sets on this CT hold the liver"));
  // One that adds what the other lacks is none.
  write_rois("one.dcm", ct, {tumour_of(ct)});
  EXPECT_THAT(import(ImportFormat::kDicomRt).taken, SizeIs(1));
}

TEST_F(ImportDicom, AnObjectWithoutItsCtIsRefused) {
  const CtGrid ct = write_ct_of("A");
  write_rois("rs.dcm", ct, {liver_of(ct)});
  const CtGrid lost = write_ct_of("B");
  write_rois("lost.dcm", lost, {liver_of(lost)});
  fs::remove_all(root_ / "clinic/B");
  const ImportReport report = import(ImportFormat::kDicomRt);
  EXPECT_THAT(report.taken, SizeIs(1));
  EXPECT_THAT(only_refusal(report), HasSubstr("not in the folder"));
}

TEST_F(ImportDicom, DamagedFilesAreSaid) {
  const CtGrid ct = write_ct_of("A");
  write_rois("rs.dcm", ct, {liver_of(ct)});
  const std::string bytes = read_text_file(root_ / "clinic/rs.dcm");
  write_text_file(root_ / "clinic/half.dcm", bytes.substr(0, bytes.size() / 2));
  const ImportReport report = import(ImportFormat::kDicomRt);
  EXPECT_THAT(report.taken, SizeIs(1)) << import_text(report);
  ASSERT_THAT(report.refused, SizeIs(1)) << import_text(report);
  EXPECT_THAT(report.refused[0].source, HasSubstr("damaged"));
  EXPECT_THAT(import_text(report), AllOf(HasSubstr("a file of it"), Not(HasSubstr("half.dcm"))));
}

TEST_F(ImportDicom, WithoutAnObjectThereIsNothingToImport) {
  write_ct_of("A");
  EXPECT_THAT(error_of(ErrorCode::kMissing, [&] { import(ImportFormat::kDicomRt); }),
              HasSubstr("no RTSTRUCT among the 4 files"));
  EXPECT_THAT(error_of(ErrorCode::kMissing, [&] { import(ImportFormat::kDicomSeg); }), HasSubstr("no SEG"));
}

TEST_F(ImportDicom, SegmentationsOfOneCtAreJoined) {
  const CtGrid ct = write_ct_of("A");
  DicomProfile livers, tumours;
  std::erase_if(livers.rois, [](const RoiStyle& roi) { return roi.name != "Liver"; });
  std::erase_if(tumours.rois, [](const RoiStyle& roi) { return roi.name != "GTV"; });
  write_segmentation(root_ / "clinic/liver.dcm", import_labels(), ct, livers);
  write_segmentation(root_ / "clinic/tumour.dcm", import_labels(), ct, tumours);
  const ImportReport report = import(ImportFormat::kDicomSeg);
  ASSERT_THAT(report.taken, SizeIs(1)) << import_text(report);
  EXPECT_THAT(report.refused, IsEmpty());
  EXPECT_THAT(imported_labels(root_ / "dataset", name_of(ct)).voxels(),
              ElementsAreArray(import_labels().voxels()));
}

TEST_F(ImportDicom, RerunsKeepWhatIsDone) {
  const CtGrid ct = write_ct_of("A");
  write_rois("rs.dcm", ct, {liver_of(ct)});
  import(ImportFormat::kDicomRt);
  EXPECT_TRUE(import(ImportFormat::kDicomRt).taken[0].was_there);
  write_rois("rs.dcm", ct, {liver_of(ct), tumour_of(ct)});
  const ImportReport report = import(ImportFormat::kDicomRt);
  EXPECT_FALSE(report.taken[0].was_there);
  EXPECT_DOUBLE_EQ(report.taken[0].tumour_ml, 0.02);
}

// All in one folder, where one file is damaged: each CT is read from its own files.
TEST_F(ImportDicom, ADamagedFileOfAFlatFolderRefusesNoOther) {
  for (const char* patient : {"A", "B"}) {
    const CtGrid ct = write_ct_of(patient);
    write_rois(std::string(patient) + ".dcm", ct, {liver_of(ct)});
    for (const CtSlice& slice : ct.slices)
      fs::rename(slice.file, root_ / "clinic" / (patient + slice.file.filename().string()));
  }
  const std::string bytes = read_text_file(root_ / "clinic/A.dcm");
  write_text_file(root_ / "clinic/half.dcm", bytes.substr(0, 400));
  const ImportReport report = import(ImportFormat::kDicomRt);
  EXPECT_THAT(report.taken, SizeIs(2)) << import_text(report);
  EXPECT_THAT(only_refusal(report), HasSubstr("damaged"));
  EXPECT_THAT(report.taken.at(0).notes, Contains(HasSubstr("1 damaged files lie beside its slices")));
}

// With a source given as ".", whose path is in many texts.
TEST_F(ImportDicom, AShortPathDoesNotGetIntoNumbers) {
  const CtGrid ct = write_ct_of("A");
  write_rois("rs.dcm", ct, {liver_of(ct)});
  fs::remove(ct.slices[1].file);
  const std::string whole = only_refusal(import(ImportFormat::kDicomRt));
  const fs::path before = fs::current_path();
  fs::current_path(root_ / "clinic");
  const ImportReport report = import_dataset(
      {.format = ImportFormat::kDicomRt, .source = ".", .dataset = root_ / "dataset", .structures = {}});
  fs::current_path(before);
  EXPECT_EQ(only_refusal(report), whole);
  EXPECT_THAT(whole, HasSubstr("mm"));
}

TEST_F(ImportDicom, ACopyOfAStructureSetCountsOnce) {
  const CtGrid ct = write_ct_of("A");
  write_rois("rs.dcm", ct, {liver_of(ct)});
  fs::copy_file(root_ / "clinic/rs.dcm", root_ / "clinic/copy.dcm");
  const ImportReport report = import(ImportFormat::kDicomRt);
  EXPECT_THAT(report.taken, SizeIs(1)) << import_text(report);
  EXPECT_THAT(report.notes, ElementsAre("Copies of RTSTRUCT files, of which one each was used: 1."));
}

TEST_F(ImportDicom, OneLabelInTwoSegmentationsIsRefused) {
  const CtGrid ct = write_ct_of("A");
  write_segmentation(root_ / "clinic/one.dcm", import_labels(), ct);
  DicomProfile second;
  std::erase_if(second.rois, [](const RoiStyle& roi) { return roi.name != "GTV"; });
  LabelMap larger = import_labels();
  fill(larger, {2, 2, 1}, {6, 4, 3}, kTumour);
  write_segmentation(root_ / "clinic/two.dcm", larger, ct, second);
  EXPECT_THAT(only_refusal(import(ImportFormat::kDicomSeg)),
              AllOf(HasSubstr("both hold a segment GTV"), HasSubstr("SEG ...")));
  // One that is called otherwise is another tumour.
  second.rois.front().name = "GTV 2";
  write_segmentation(root_ / "clinic/two.dcm", larger, ct, second);
  const ImportReport report = import(ImportFormat::kDicomSeg);
  ASSERT_THAT(report.taken, SizeIs(1)) << import_text(report);
  EXPECT_THAT(report.taken[0].notes, Contains("2 segmentations hold tumours; they were joined."));
  EXPECT_THAT(imported_labels(root_ / "dataset", name_of(ct)).voxels(), ElementsAreArray(larger.voxels()));
}

}  // namespace
}  // namespace hepar
