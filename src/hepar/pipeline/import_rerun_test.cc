// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <csignal>
#include <cstdlib>
#include <new>

#include "hepar/pipeline/import_source.h"
#include "hepar/pipeline/test_import_folder.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;
using importing::Candidate;
using importing::CaseVolumes;
using importing::Source;
using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::IsEmpty;
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
  EXPECT_THAT(error_of(ErrorCode::kInvalidInput, [&] { import_lits(); }), HasSubstr("not imported by Hepar"));
  fs::remove_all(root_ / "dataset");
  import_lits();
  write_ircadb("case01", import_labels());
  EXPECT_THAT(error_of(ErrorCode::kInvalidInput, [&] { import_ircadb(); }),
              HasSubstr("imported from lits, not from ircadb"));
  write_text_file(root_ / "dataset/import.json", "{");
  EXPECT_THAT(error_of(ErrorCode::kCorrupt, [&] { import_lits(); }), HasSubstr("damaged"));
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
  EXPECT_EQ(json_of("dataset.json")["numTraining"], 1);
  // As if it had been killed amid the next case.
  make_folder(root_ / "dataset/.part-import-1");
  write_text_file(root_ / "dataset/.part-import-1/image.nii.gz", "half");
  const ImportReport report = import_lits();
  ASSERT_THAT(report.taken, SizeIs(2));
  EXPECT_TRUE(report.taken[0].was_there);
  EXPECT_FALSE(report.taken[1].was_there);
  EXPECT_FALSE(fs::exists(root_ / "dataset/.part-import-1"));
  EXPECT_EQ(json_of("dataset.json")["numTraining"], 2);
}

// A case "a" of a file "a" whose reader does what a test says.
class MadeUpSource : public ImportTest {
 protected:
  void SetUp() override {
    ImportTest::SetUp();
    write_text_file(root_ / "a", "first");
    write_text_file(root_ / "b", "b");
  }
  static CaseVolumes good() { return {import_ct(), import_labels(), {}}; }
  Candidate candidate(const std::string& name, std::function<CaseVolumes()> read) const {
    return {name, name, {root_ / name}, [read = std::move(read)](const fs::path&) { return read(); }};
  }
  ImportReport import(const std::vector<Candidate>& candidates) const {
    return importing::import_cases(request(ImportFormat::kLits, "."), [&] {
      return Source{candidates, {}, {}};
    });
  }
};

TEST_F(MadeUpSource, WhatCannotBeReadThisTimeCostsNoCase) {
  const std::function<CaseVolumes()> failures[] = {
      []() -> CaseVolumes { throw Error(ErrorCode::kMissing, "the share is away"); },
      []() -> CaseVolumes { throw Error(ErrorCode::kExhausted, "no space"); },
      []() -> CaseVolumes { throw std::bad_alloc(); },
      []() -> CaseVolumes { throw fs::filesystem_error("x", std::make_error_code(std::errc::io_error)); }};
  import({candidate("a", good), candidate("b", good)});
  for (const auto& failure : failures) {
    write_text_file(root_ / "a", read_text_file(root_ / "a") + "x");
    const ImportReport report = import({candidate("a", failure), candidate("b", good)});
    EXPECT_THAT(names_in_dataset(), ElementsAre("a", "b"));
    EXPECT_THAT(report.taken, SizeIs(2));
    only_refusal(report);
    EXPECT_THAT(report.notes, ElementsAre(HasSubstr("can't be used this time")));
    EXPECT_THAT(import_text(report), HasSubstr("was there"));
  }
  fs::remove(root_ / "a");  // without a digest nothing is known of the bytes
  EXPECT_THAT(import({candidate("a", good)}).taken, SizeIs(2));
}

TEST_F(MadeUpSource, TheSameBytesThatAreRefusedNowCostNoCase) {
  import({candidate("a", good)});
  fs::remove(root_ / "dataset/labelsTr/a.nii.gz");
  const auto refused = []() -> CaseVolumes { throw Error(ErrorCode::kCorrupt, "no"); };
  EXPECT_THAT(import({candidate("a", refused)}).taken, IsEmpty());
  import({candidate("a", good)});
  write_text_file(root_ / "a", "other");
  EXPECT_THAT(import({candidate("a", refused)}).notes, ElementsAre(HasSubstr("a was removed")));
}

TEST_F(MadeUpSource, AFailedWriteEndsTheRunWithTheRecordOfWhatIsThere) {
  import({candidate("a", good)});
  make_folder(root_ / "dataset/imagesTr/b_0000.nii.gz/full");  // nothing can be moved there
  error_of(ErrorCode::kMissing, [&] { import({candidate("a", good), candidate("b", good)}); });
  EXPECT_EQ(json_of("import.json")["taken"].size(), 1U);
  EXPECT_EQ(json_of("dataset.json")["numTraining"], 1);
}

TEST_F(MadeUpSource, ReplacedCasesAreSaid) {
  import({candidate("a", good)});
  Candidate other = candidate("a", good);
  other.source = "elsewhere";
  write_text_file(root_ / "a", "second");
  EXPECT_THAT(import({other}).notes,
              ElementsAre("a was replaced: it came from a, and now comes from elsewhere."));
  write_text_file(root_ / "a", "third");
  EXPECT_THAT(import({other}).notes, ElementsAre(HasSubstr("a was made anew")));
}

TEST_F(MadeUpSource, TheLastCaseTakesTheRecordWithIt) {
  import({candidate("a", good)});
  write_text_file(root_ / "a", "second");
  const auto refused = []() -> CaseVolumes { throw Error(ErrorCode::kCorrupt, "no"); };
  EXPECT_THAT(import({candidate("a", refused)}).taken, IsEmpty());
  EXPECT_FALSE(fs::exists(root_ / "dataset/import.json"));
  EXPECT_FALSE(fs::exists(root_ / "dataset/dataset.json"));
  EXPECT_FALSE(fs::exists(root_ / "dataset/labelsTr"));
}

}  // namespace
}  // namespace hepar
