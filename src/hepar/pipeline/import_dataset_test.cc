// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/import_dataset.h"

#include <gmock/gmock.h>

#include <map>
#include <nlohmann/json.hpp>

#include "hepar/core/version.h"
#include "hepar/digest/sha256.h"
#include "hepar/nn/model_folder.h"
#include "hepar/pipeline/test_import_folder.h"
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
  EXPECT_EQ(record["hepar"], std::string(version()));
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
  EXPECT_FALSE(fs::exists(root_ / "dataset"));
  EXPECT_THAT(import_text(report), HasSubstr("volume-0.nii  refused"));
}

TEST_F(ImportTest, WhatIsNoSourceIsAnError) {
  EXPECT_THAT(error_of(ErrorCode::kMissing, [&] { import_lits(); }), HasSubstr("no folder"));
  make_folder(root_ / "lits");
  EXPECT_THAT(error_of(ErrorCode::kMissing, [&] { import_lits(); }), HasSubstr("volume-N.nii"));
  make_folder(root_ / "ircadb/1");
  EXPECT_THAT(error_of(ErrorCode::kMissing, [&] { import_ircadb(); }), HasSubstr("PATIENT_DICOM"));
  EXPECT_FALSE(fs::exists(root_ / "dataset"));
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
    EXPECT_THAT(error_of(ErrorCode::kInvalidInput, [&] { import_msd(); }), HasSubstr("Task03_Liver")) << task;
  }
  fs::remove(root_ / "msd/dataset.json");
  error_of(ErrorCode::kMissing, [&] { import_msd(); });
}

TEST_F(MsdTest, FilesOfOtherNamesAreNamed) {
  write_case("liver_7.nii.gz");
  write_text_file(root_ / "msd/labelsTr/spleen_1.nii.gz", "x");
  EXPECT_THAT(only_refusal(import_msd()), HasSubstr("not liver_N.nii.gz"));
}

}  // namespace
}  // namespace hepar
