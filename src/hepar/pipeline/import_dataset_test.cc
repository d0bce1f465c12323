// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/import_dataset.h"

#include <gmock/gmock.h>
#include <zip.h>

#include <csignal>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "hepar/core/version.h"
#include "hepar/dicom/ct_writer.h"
#include "hepar/digest/sha256.h"
#include "hepar/nn/model_folder.h"
#include "hepar/pipeline/nnunet_dataset.h"
#include "hepar/pipeline/test_folder.h"
#include "hepar/pipeline/test_import.h"
#include "hepar/volume/reorient.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class ImportTest : public ScratchFolder {
 protected:
  void write_lits(int number, const LabelMap& labels, const std::string& folder = ".") const {
    make_folder(root_ / "lits" / folder);
    const std::string end = std::to_string(number) + ".nii";
    write_ct(root_ / "lits" / folder / ("volume-" + end), import_ct());
    write_labels(root_ / "lits" / folder / ("segmentation-" + end), labels);
  }
  ImportRequest request(ImportFormat format, const std::string& source) const {
    return {.format = format, .source = root_ / source, .dataset = root_ / "dataset", .structures = {}};
  }
  ImportReport import_lits() const { return import_dataset(request(ImportFormat::kLits, "lits")); }
  nlohmann::json json_of(const std::string& file) const {
    return nlohmann::json::parse(read_text_file(root_ / "dataset" / file));
  }
  std::vector<std::string> names_in_dataset() const {
    return nnunet_case_names(root_ / "dataset", ".nii.gz");
  }

  void write_ircadb(const std::string& folder, const LabelMap& labels) const {
    write_ircadb_case(root_ / "ircadb" / folder, labels);
  }
  ImportReport import_ircadb() const { return import_dataset(request(ImportFormat::kIrcadb, "ircadb")); }

  // Puts what a folder holds into FOLDER.zip, below its name, and removes it.
  static void zip(const fs::path& folder) {
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
};

TEST_F(ImportTest, LitsBecomesAnNnunetDataset) {
  write_lits(0, import_labels());
  write_lits(12, import_labels(), "Training Batch 2");
  const ImportReport report = import_lits();
  ASSERT_THAT(report.taken, SizeIs(2));
  EXPECT_THAT(report.refused, IsEmpty());
  EXPECT_EQ(report.taken[0].name, "lits_000");
  EXPECT_EQ(report.taken[1].source, "Training Batch 2/volume-12.nii");
  EXPECT_DOUBLE_EQ(report.taken[0].liver_ml, 0.12);
  EXPECT_DOUBLE_EQ(report.taken[0].tumour_ml, 0.02);
  EXPECT_EQ(report.taken[0].cyst_ml, 0);
  EXPECT_THAT(names_in_dataset(), ElementsAre("lits_000", "lits_012"));
  EXPECT_THAT(imported_image(root_ / "dataset", "lits_012").voxels(), ElementsAreArray(import_ct().voxels()));
  EXPECT_THAT(imported_labels(root_ / "dataset", "lits_012").voxels(),
              ElementsAreArray(import_labels().voxels()));
  const DatasetLabels labels = read_dataset_labels(root_ / "dataset/dataset.json");
  using Region = std::pair<std::string, std::vector<int>>;
  EXPECT_THAT(labels.regions, ElementsAre(Region("liver", {1, 2}), Region("tumour", {2})));
  EXPECT_THAT(labels.regions_class_order, ElementsAre(1, 2));
  EXPECT_EQ(json_of("dataset.json")["numTraining"], 2);
}

TEST_F(ImportTest, TheRecordTellsWhereCasesComeFrom) {
  write_lits(3, import_labels());
  const ImportReport report = import_lits();
  const auto record = json_of("import.json");
  EXPECT_EQ(record["format"], "hepar.import/1");
  EXPECT_EQ(record["source_format"], "lits");
  EXPECT_EQ(record["hepar_version"], std::string(version()));
  ASSERT_THAT(record["taken"], SizeIs(1));
  // As `sha256sum FILE FILE | cut -d ' ' -f 1 | sha256sum` gives it.
  const std::string digests = sha256_of_path(root_ / "lits/volume-3.nii") + "\n" +
                              sha256_of_path(root_ / "lits/segmentation-3.nii") + "\n";
  EXPECT_EQ(record["taken"][0]["source_sha256"], sha256_hex(digests));
  EXPECT_EQ(record["taken"][0]["liver_ml"], 0.12);
  EXPECT_EQ(record.dump().find(root_.string()), std::string::npos);
  EXPECT_THAT(import_text(report), AllOf(HasSubstr("lits_003"), HasSubstr("1 taken now, 0 were there")));
}

TEST_F(ImportTest, BrokenLitsCasesAreRefusedAndTheRestGoesOn) {
  write_lits(0, import_labels());
  LabelMap strange = import_labels();
  strange[{1, 1, 1}] = 7;
  write_lits(1, strange);
  write_lits(2, LabelMap(import_grid()));
  Geometry moved = import_grid();
  moved.origin_mm.z += 0.5;
  write_lits(3, LabelMap(moved, kLiver));
  Geometry smaller = import_grid();
  smaller.size.k = 3;
  write_lits(4, LabelMap(smaller, kLiver));
  write_lits(5, import_labels());
  write_text_file(root_ / "lits/volume-5.nii", "no image");
  write_lits(6, import_labels());
  fs::remove(root_ / "lits/segmentation-6.nii");
  write_lits(7, import_labels());
  fs::remove(root_ / "lits/volume-7.nii");
  write_lits(8, import_labels());
  write_lits(8, import_labels(), "again");
  write_lits(9, import_labels());
  write_ct(root_ / "lits/volume-9.nii", CtVolume(import_grid(), 40.0F));
  const ImportReport report = import_lits();
  EXPECT_THAT(names_in_dataset(), ElementsAre("lits_000"));
  std::map<std::string, std::string> reasons;
  for (const RefusedCase& refused : report.refused) reasons[refused.source] = refused.reason;
  EXPECT_THAT(reasons, SizeIs(9));
  EXPECT_THAT(reasons["volume-1.nii"], HasSubstr("the value 7"));
  EXPECT_THAT(reasons["volume-2.nii"], HasSubstr("no liver"));
  EXPECT_THAT(reasons["volume-3.nii"], HasSubstr("0.5"));
  EXPECT_THAT(reasons["volume-4.nii"], HasSubstr("3"));
  EXPECT_THAT(reasons["volume-5.nii"], HasSubstr("volume-5.nii"));
  EXPECT_THAT(reasons["volume-6.nii"], HasSubstr("no labels"));
  EXPECT_THAT(reasons["segmentation-7.nii"], HasSubstr("no image"));
  EXPECT_THAT(reasons["again/volume-8.nii"] + reasons["volume-8.nii"],
              HasSubstr("2 images and 2 label maps"));
  EXPECT_THAT(reasons["volume-9.nii"], HasSubstr("40 HU"));
  EXPECT_EQ(json_of("import.json")["refused"].size(), 9U);
}

// The same voxels at the same places, in another order of the axes: as a converter that turns rows around
// leaves them.
TEST_F(ImportTest, LabelsInAnotherOrderOfAxesAreLaidOntoTheImage) {
  write_lits(0, reorient(import_labels(), axis_order_for(import_grid(), "RAS")));
  import_lits();
  EXPECT_THAT(imported_labels(root_ / "dataset", "lits_000").voxels(),
              ElementsAreArray(import_labels().voxels()));
}

TEST_F(ImportTest, NothingTakenWritesNothing) {
  write_lits(0, LabelMap(import_grid()));
  const ImportReport report = import_lits();
  EXPECT_THAT(report.taken, IsEmpty());
  EXPECT_THAT(only_refusal(report), HasSubstr("no liver"));
  EXPECT_FALSE(fs::exists(root_ / "dataset/dataset.json"));
  EXPECT_FALSE(fs::exists(root_ / "dataset/import.json"));
  EXPECT_FALSE(fs::exists(root_ / "dataset/labelsTr"));
}

TEST_F(ImportTest, WhatIsNoSourceIsAnError) {
  EXPECT_THAT(import_error(ErrorCode::kMissing, [&] { import_lits(); }), HasSubstr("no folder"));
  make_folder(root_ / "lits");
  EXPECT_THAT(import_error(ErrorCode::kMissing, [&] { import_lits(); }), HasSubstr("volume-N.nii"));
  make_folder(root_ / "ircadb/1");
  EXPECT_THAT(import_error(ErrorCode::kMissing, [&] { import_ircadb(); }), HasSubstr("PATIENT_DICOM"));
  EXPECT_FALSE(fs::exists(root_ / "dataset"));
}

TEST_F(ImportTest, RerunsDoOnlyWhatHasChanged) {
  write_lits(0, import_labels());
  write_lits(1, import_labels());
  import_lits();
  const auto image = root_ / "dataset/imagesTr/lits_000_0000.nii.gz";
  write_text_file(image, "kept as it is");  // shows that nobody writes it again
  LabelMap other = import_labels();
  fill(other, {5, 2, 1}, {6, 3, 2}, kTumour);
  write_lits(1, other);
  write_lits(2, import_labels());
  const ImportReport report = import_lits();
  ASSERT_THAT(report.taken, SizeIs(3));
  EXPECT_TRUE(report.taken[0].was_there);
  EXPECT_FALSE(report.taken[1].was_there);
  EXPECT_FALSE(report.taken[2].was_there);
  EXPECT_EQ(read_text_file(image), "kept as it is");
  EXPECT_THAT(imported_labels(root_ / "dataset", "lits_001").voxels(), ElementsAreArray(other.voxels()));
  EXPECT_EQ(json_of("dataset.json")["numTraining"], 3);
}

TEST_F(ImportTest, ALostFileIsMadeAgain) {
  write_lits(0, import_labels());
  import_lits();
  fs::remove(root_ / "dataset/labelsTr/lits_000.nii.gz");
  EXPECT_FALSE(import_lits().taken[0].was_there);
  EXPECT_THAT(names_in_dataset(), ElementsAre("lits_000"));
}

TEST_F(ImportTest, ACaseThatIsRefusedNowGoes) {
  write_lits(0, import_labels());
  write_lits(1, import_labels());
  import_lits();
  write_lits(1, LabelMap(import_grid()));
  const ImportReport report = import_lits();
  EXPECT_THAT(names_in_dataset(), ElementsAre("lits_000"));
  EXPECT_FALSE(fs::exists(root_ / "dataset/imagesTr/lits_001_0000.nii.gz"));
  EXPECT_THAT(report.notes, ElementsAre(HasSubstr("lits_001 was removed")));
  EXPECT_EQ(json_of("dataset.json")["numTraining"], 1);
}

TEST_F(ImportTest, ACaseThatLeftTheSourceStaysWithANote) {
  write_lits(0, import_labels());
  write_lits(1, import_labels());
  import_lits();
  fs::remove(root_ / "lits/volume-1.nii");
  fs::remove(root_ / "lits/segmentation-1.nii");
  const ImportReport report = import_lits();
  EXPECT_THAT(report.taken, SizeIs(2));
  EXPECT_THAT(report.notes, ElementsAre(HasSubstr("lits_001 is from an earlier run")));
  EXPECT_EQ(json_of("dataset.json")["numTraining"], 2);
}

TEST_F(ImportTest, AnotherDatasetIsNotTouched) {
  write_lits(0, import_labels());
  make_folder(root_ / "dataset/labelsTr");
  EXPECT_THAT(import_error(ErrorCode::kInvalidInput, [&] { import_lits(); }),
              HasSubstr("not imported by Hepar"));
  fs::remove_all(root_ / "dataset");
  import_lits();
  write_ircadb("case01", import_labels());
  EXPECT_THAT(import_error(ErrorCode::kInvalidInput, [&] { import_ircadb(); }),
              HasSubstr("imported from lits"));
  write_text_file(root_ / "dataset/import.json", "{");
  EXPECT_THAT(import_error(ErrorCode::kCorrupt, [&] { import_lits(); }), HasSubstr("damaged"));
}

class KillAt : public Progress {
 public:
  explicit KillAt(double done) : done_(done) {}
  void update(std::string_view, double done) override {
    if (done >= done_) std::raise(SIGKILL);
  }

 private:
  double done_;
};

TEST_F(ImportTest, AKilledRunLeavesWholeCasesAndGoesOn) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  // The process that is to be killed runs this test anew up to the kill; it takes this one's folder.
  constexpr const char* kFolder = "HEPAR_KILLED_IMPORT";
  if (const char* folder = std::getenv(kFolder)) {
    fs::remove_all(root_);
    root_ = folder;
  } else {
    write_lits(0, import_labels());
    write_lits(1, import_labels());
    ASSERT_EQ(::setenv(kFolder, root_.c_str(), 1), 0);
  }
  EXPECT_EXIT(
      {
        KillAt second(0.5);
        import_dataset(request(ImportFormat::kLits, "lits"), &second);
      },
      testing::KilledBySignal(SIGKILL), "");
  ::unsetenv(kFolder);
  EXPECT_THAT(names_in_dataset(), ElementsAre("lits_000"));
  EXPECT_FALSE(fs::exists(root_ / "dataset/dataset.json"));
  // As if it had been killed amid the next case.
  make_folder(root_ / "dataset/.part-import");
  write_text_file(root_ / "dataset/.part-import/image.nii.gz", "half");
  const ImportReport report = import_lits();
  ASSERT_THAT(report.taken, SizeIs(2));
  EXPECT_TRUE(report.taken[0].was_there);
  EXPECT_FALSE(report.taken[1].was_there);
  EXPECT_FALSE(fs::exists(root_ / "dataset/.part-import"));
  EXPECT_EQ(json_of("dataset.json")["numTraining"], 2);
}

class MsdTest : public ImportTest {
 protected:
  void SetUp() override {
    ImportTest::SetUp();
    make_folder(root_ / "msd/imagesTr");
    make_folder(root_ / "msd/labelsTr");
    write_task(R"({"labels": {"0": "background", "1": "liver", "2": "cancer"}})");
  }
  void write_task(const std::string& json) const { write_text_file(root_ / "msd/dataset.json", json); }
  void write_case(const std::string& name) const {
    write_ct(root_ / "msd/imagesTr" / name, import_ct());
    write_labels(root_ / "msd/labelsTr" / name, import_labels());
  }
  ImportReport import_msd() const { return import_dataset(request(ImportFormat::kMsd, "msd")); }
};

TEST_F(MsdTest, Task03Liver) {
  write_case("liver_7.nii.gz");
  write_text_file(root_ / "msd/imagesTr/._liver_7.nii.gz", "of macOS");
  write_text_file(root_ / "msd/labelsTr/._liver_7.nii.gz", "of macOS");
  const ImportReport report = import_msd();
  EXPECT_THAT(report.refused, IsEmpty());
  EXPECT_THAT(names_in_dataset(), ElementsAre("msd_007"));
  EXPECT_THAT(imported_labels(root_ / "dataset", "msd_007").voxels(),
              ElementsAreArray(import_labels().voxels()));
}

TEST_F(MsdTest, AnotherTaskIsRefused) {
  write_case("liver_7.nii.gz");
  for (const char* task : {R"({"labels": {"0": "background", "1": "cancer", "2": "liver"}})", "[]", "",
                           R"({"labels": {"1": 2, "2": "cancer"}})"}) {
    write_task(task);
    EXPECT_THAT(import_error(ErrorCode::kInvalidInput, [&] { import_msd(); }), HasSubstr("Task03_Liver"))
        << task;
  }
  fs::remove(root_ / "msd/dataset.json");
  import_error(ErrorCode::kMissing, [&] { import_msd(); });
}

TEST_F(MsdTest, FilesOfOtherNamesAreNamed) {
  write_case("liver_7.nii.gz");
  write_text_file(root_ / "msd/labelsTr/spleen_1.nii.gz", "x");
  EXPECT_THAT(only_refusal(import_msd()), HasSubstr("not liver_N.nii.gz"));
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
  EXPECT_FALSE(fs::exists(root_ / "dataset/.part-import"));
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
              ElementsAre(HasSubstr("tumour outside of the liver, which stay tumour: 1")));
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
  EXPECT_THAT(reasons["case03"], HasSubstr("no liver"));
  EXPECT_THAT(reasons["case04"], HasSubstr("no MASKS_DICOM"));
  EXPECT_THAT(reasons["case05"], HasSubstr("livertumor01 holds the values"));
  EXPECT_THAT(reasons["case06"], HasSubstr("ZIP archive"));
  EXPECT_THAT(reasons["other/case01"], HasSubstr("also called ircadb_01"));
}

}  // namespace
}  // namespace hepar
