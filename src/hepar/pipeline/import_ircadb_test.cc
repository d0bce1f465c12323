// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <zip.h>

#include <map>

#include "hepar/dicom/ct_writer.h"
#include "hepar/nn/model_folder.h"
#include "hepar/pipeline/test_import_folder.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// Puts what a folder holds into FOLDER.zip, below its name, and removes it.
void zip(const fs::path& folder) {
  zip_t* archive = zip_open((folder.string() + ".zip").c_str(), ZIP_CREATE, nullptr);
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    zip_source_t* source = zip_source_file(archive, entry.path().c_str(), 0, -1);
    const fs::path name = folder.filename() / entry.path().lexically_relative(folder);
    zip_file_add(archive, name.c_str(), source, ZIP_FL_ENC_UTF_8);
  }
  ASSERT_EQ(zip_close(archive), 0);
  fs::remove_all(folder);
}

using IrcadbTest = ImportTest;

TEST_F(IrcadbTest, FoldersOfMasks) {
  LabelMap labels = import_labels();
  fill(labels, {5, 3, 2}, {6, 5, 3}, kCyst);  // 2 voxels
  write_ircadb("3Dircadb1.4", labels);
  const ImportReport report = import_ircadb();
  ASSERT_THAT(report.taken, SizeIs(1));
  EXPECT_EQ(report.taken[0].name, "ircadb_04");
  EXPECT_EQ(report.taken[0].source, "3Dircadb1.4");
  EXPECT_DOUBLE_EQ(report.taken[0].cyst_ml, 0.005);
  EXPECT_THAT(imported_labels(root_ / "dataset", "ircadb_04").voxels(), ElementsAreArray(labels.voxels()));
  EXPECT_THAT(imported_image(root_ / "dataset", "ircadb_04").voxels(),
              ElementsAreArray(import_ct().voxels()));
  const DatasetLabels regions = read_dataset_labels(root_ / "dataset/dataset.json");
  using Region = std::pair<std::string, std::vector<int>>;
  EXPECT_THAT(regions.regions,
              ElementsAre(Region("liver", {1, 2, 3}), Region("tumour", {2}), Region("cyst", {3})));
  EXPECT_THAT(regions.regions_class_order, ElementsAre(1, 2, 3));
}

TEST_F(IrcadbTest, Archives) {
  write_ircadb("case02", import_labels());
  zip(root_ / "ircadb/case02/PATIENT_DICOM");
  zip(root_ / "ircadb/case02/MASKS_DICOM");
  const ImportReport report =
      import_dataset(request(ImportFormat::kIrcadb, "ircadb/case02"));  // a case itself
  ASSERT_THAT(report.taken, SizeIs(1)) << import_text(report);
  EXPECT_EQ(report.taken[0].name, "ircadb_02");
  EXPECT_EQ(report.taken[0].source, "case02");
  EXPECT_THAT(imported_labels(root_ / "dataset", "ircadb_02").voxels(),
              ElementsAreArray(import_labels().voxels()));
  EXPECT_THAT(report.taken[0].notes, Contains("Structures that were not used: bone."));
}

TEST_F(IrcadbTest, AllSpellingsOfTumoursAreJoined) {
  write_ircadb("case03", import_labels());
  const fs::path masks = root_ / "ircadb/case03/MASKS_DICOM";
  fs::rename(masks / "livertumor01", masks / "livertumors");
  LabelMap second(import_grid()), third(import_grid());
  fill(second, {5, 1, 1}, {6, 2, 2}, kTumour);
  fill(third, {6, 1, 1}, {8, 2, 2}, kTumour);  // one voxel of it outside of the liver
  write_ircadb_mask(masks, "livertumour2", second, {kTumour});
  write_ircadb_mask(masks, "LIVERTUMOR3", third, {kTumour});
  const ImportReport report = import_ircadb();
  ASSERT_THAT(report.taken, SizeIs(1));
  LabelMap expected = import_labels();
  fill(expected, {5, 1, 1}, {8, 2, 2}, kTumour);
  EXPECT_THAT(imported_labels(root_ / "dataset", "ircadb_03").voxels(), ElementsAreArray(expected.voxels()));
  EXPECT_THAT(report.taken[0].notes,
              ElementsAre(HasSubstr("tumour outside of the liver, which stay tumour: 1"),
                          "Structures that were not used: bone."));
}

TEST_F(IrcadbTest, BrokenCasesAreRefused) {
  write_ircadb("case01", import_labels());
  write_ircadb("case02", import_labels());
  fs::remove(root_ / "ircadb/case02/MASKS_DICOM/liver/ct_0003.dcm");
  write_ircadb("case03", import_labels());
  fs::remove_all(root_ / "ircadb/case03/MASKS_DICOM/liver");
  write_ircadb("case04", import_labels());
  fs::remove_all(root_ / "ircadb/case04/MASKS_DICOM");
  write_ircadb("case05", import_labels());
  write_ct_series(root_ / "ircadb/case05/MASKS_DICOM/livertumor01", import_ct(),
                  {.patient_id = "", .patient_name = "", .series_description = "", .uid_seed = "x"});
  write_ircadb("case06", import_labels());
  zip(root_ / "ircadb/case06/MASKS_DICOM");
  const std::string archive = read_text_file(root_ / "ircadb/case06/MASKS_DICOM.zip");
  write_text_file(root_ / "ircadb/case06/MASKS_DICOM.zip", archive.substr(0, archive.size() / 2));
  write_ircadb("other/case01", import_labels());
  const ImportReport report = import_ircadb();
  EXPECT_THAT(names_in_dataset(), ElementsAre("ircadb_01"));
  std::map<std::string, std::string> reasons;
  for (const RefusedCase& refused : report.refused) reasons[refused.source] = refused.reason;
  EXPECT_THAT(reasons, SizeIs(6));
  EXPECT_THAT(reasons["case02"], HasSubstr("liver does not lie on the CT's grid"));
  EXPECT_THAT(reasons["case03"], HasSubstr("none of its structures is the liver"));
  EXPECT_THAT(reasons["case04"], HasSubstr("no MASKS_DICOM"));
  EXPECT_THAT(reasons["case05"], HasSubstr("livertumor01 holds the values"));
  EXPECT_THAT(reasons["case06"], HasSubstr("ZIP archive"));
  EXPECT_THAT(reasons["other/case01"], HasSubstr("also called ircadb_01"));
}

// Slices one folder deeper than usual, in folders and in archives.
TEST_F(IrcadbTest, MasksAtAnyDepth) {
  for (const char* name : {"case01", "case02"}) {
    write_ircadb(name, import_labels());
    const fs::path masks = root_ / "ircadb" / name / "MASKS_DICOM";
    fs::rename(masks / "livertumor01", masks / "x");
    make_folder(masks / "livertumor01");
    fs::rename(masks / "x", masks / "livertumor01/x");
    make_folder(masks / "group");
    fs::rename(masks / "liver", masks / "group/liver");
  }
  zip(root_ / "ircadb/case02/MASKS_DICOM");
  const ImportReport report = import_ircadb();
  ASSERT_THAT(report.taken, SizeIs(2)) << import_text(report);
  for (const char* name : {"ircadb_01", "ircadb_02"}) {
    EXPECT_THAT(imported_labels(root_ / "dataset", name).voxels(),
                ElementsAreArray(import_labels().voxels()));
  }
}

TEST_F(IrcadbTest, AFolderBesideItsArchiveIsRefused) {
  for (const char* part : {"MASKS_DICOM", "PATIENT_DICOM"}) {
    write_ircadb("case01", import_labels());
    const fs::path folder = root_ / "ircadb/case01" / part;
    fs::copy(folder, root_ / "kept", fs::copy_options::recursive);
    zip(folder);
    fs::rename(root_ / "kept", folder);
    EXPECT_THAT(only_refusal(import_ircadb()),
                AllOf(HasSubstr(std::string(part) + " and " + part + ".zip"), HasSubstr("keep the one")));
    fs::remove_all(root_ / "ircadb/case01");
  }
}

TEST_F(IrcadbTest, StructuresThatSoundLikeLesionsAreSaid) {
  write_ircadb("case01", import_labels());
  const fs::path masks = root_ / "ircadb/case01/MASKS_DICOM";
  fs::rename(masks / "livertumor01", masks / "metastasis1");
  EXPECT_THAT(import_ircadb().taken.at(0).notes,
              Contains("Of them these sound like lesions, and are not in the labels: metastasis1."));
}

}  // namespace
}  // namespace hepar
