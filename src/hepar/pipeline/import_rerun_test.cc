// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <csignal>
#include <cstdlib>
#include <new>

#include "hepar/digest/sha256.h"
#include "hepar/pipeline/import_source.h"
#include "hepar/pipeline/test_import_folder.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;
using importing::Candidate;
using importing::CaseVolumes;
using importing::Source;
using testing::AllOf;
using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

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

}  // namespace
}  // namespace hepar
