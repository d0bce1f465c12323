// SPDX-License-Identifier: Apache-2.0
// `hepar import` and `hepar series` as a user runs them.
#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "hepar/core/file.h"
#include "hepar/dicom/ct_writer.h"
#include "hepar/io/image_io.h"
#include "program_run.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class ImportCli : public testing::Test {
 protected:
  void SetUp() override {
    make_folder(root_ / "lits");
    for (const char* number : {"0", "1"}) {
      write_ct(root_ / "lits" / (std::string("volume-") + number + ".nii"), image());
      LabelMap labels(image().geometry(), kLiver);
      labels[{1, 1, 1}] = kTumour;
      write_labels(root_ / "lits" / (std::string("segmentation-") + number + ".nii"), labels);
    }
  }
  void TearDown() override { fs::remove_all(root_); }

  static CtVolume image() {
    CtVolume ct(Geometry{.size = {6, 5, 4}, .spacing_mm = {1, 1, 5}});
    for (std::size_t n = 0; n < ct.voxels().size(); ++n) ct.voxels()[n] = static_cast<float>(n);
    return ct;
  }
  void break_lits(const std::string& number) const {
    write_text_file(root_ / "lits" / ("segmentation-" + number + ".nii"), "x");
  }
  std::string path(const std::string& name) const { return (root_ / name).string(); }
  Outcome run(const std::string& arguments) const { return run_program(HEPAR_BINARY " " + arguments, root_); }
  Outcome import_lits(const std::string& more = "") const {
    return run("import lits " + path("lits") + " " + path("dataset") + " " + more);
  }

  fs::path root_ =
      fs::temp_directory_path() / ("hepar_import_cli_test_" + std::to_string(::getpid()) + "_" +
                                   testing::UnitTest::GetInstance()->current_test_info()->name());
};

TEST_F(ImportCli, TellsWhatWasTakenAndWhatNot) {
  break_lits("1");
  const Outcome first = import_lits();
  EXPECT_EQ(first.status, 0) << first.err;
  EXPECT_THAT(first.out,
              AllOf(HasSubstr("lits_000"), HasSubstr("volume-1.nii  refused"),
                    HasSubstr("refused: volume-1.nii: "), HasSubstr("1 taken now, 0 were there; 1 refused")));
  const Outcome again = import_lits("--json");
  EXPECT_EQ(again.status, 0) << again.err;
  const auto document = nlohmann::json::parse(again.out);
  EXPECT_EQ(document["format"], "hepar.import/1");
  EXPECT_EQ(document["taken"].size(), 1U);
  EXPECT_EQ(document["refused"].size(), 1U);
  EXPECT_THAT(again.err, HasSubstr("0 taken now, 1 were there"));
}

TEST_F(ImportCli, NothingTakenFails) {
  break_lits("0");
  break_lits("1");
  const Outcome outcome = import_lits("--quiet");
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("was taken, 2 refused; the first: "));
  EXPECT_FALSE(fs::exists(root_ / "dataset/dataset.json"));
}

TEST_F(ImportCli, WrongCommandLines) {
  EXPECT_EQ(run("import nifti " + path("lits") + " " + path("dataset")).status, 2);
  EXPECT_EQ(run("import lits " + path("none") + " " + path("dataset")).status, 3);
  EXPECT_EQ(import_lits("--liver Leber").status, 2);
  EXPECT_EQ(run("series " + path("none")).status, 3);
  const Outcome no_dicom = run("series " + path("lits"));
  EXPECT_EQ(no_dicom.status, 3);
  EXPECT_THAT(no_dicom.err, HasSubstr("none of the 4 files"));
}

TEST_F(ImportCli, Series) {
  write_ct_series(
      root_ / "dicom/a", image(),
      {.patient_id = "ID-4711", .patient_name = "Doe^John", .series_description = "d", .uid_seed = "a"});
  write_ct_series(
      root_ / "dicom/b", image(),
      {.patient_id = "ID-4712", .patient_name = "Roe^Jane", .series_description = "d", .uid_seed = "b"});
  fs::remove(root_ / "dicom/b/ct_0001.dcm");
  write_text_file(root_ / "dicom/notes.txt", "no DICOM");
  const Outcome listed = run("series " + path("dicom"));
  EXPECT_EQ(listed.status, 0) << listed.err;
  EXPECT_THAT(listed.out, AllOf(HasSubstr("5 x 6"), HasSubstr("axial"), HasSubstr("1 slice is missing"),
                                HasSubstr("2 patients, 2 studies, 2 series in 8 files; 1 files are no DICOM"),
                                Not(HasSubstr("4711")), Not(HasSubstr("Doe"))));
  const Outcome json = run("series " + path("dicom") + " --json");
  const auto document = nlohmann::json::parse(json.out);
  EXPECT_EQ(document["format"], "hepar.series/1");
  ASSERT_EQ(document["series"].size(), 2U);
  int faulty = 0;
  for (const auto& series : document["series"]) {
    EXPECT_EQ(series["rows"], 5);
    EXPECT_EQ(series["columns"], 6);
    EXPECT_EQ(series["least_slice_distance_mm"], 5.0);
    faulty += series["problems"].empty() ? 0 : 1;
  }
  EXPECT_EQ(faulty, 1);
  EXPECT_THAT(json.out, AllOf(Not(HasSubstr("4711")), Not(HasSubstr("Doe"))));
}

}  // namespace
}  // namespace hepar
