// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/leakage.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/imaging/box.h"
#include "hepar/io/image_io.h"
#include "hepar/phantom/phantom.h"
#include "hepar/pipeline/leakage_scans.h"
#include "hepar/volume/reorient.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class LeakageTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    for (std::uint64_t seed = 0; seed < 4; ++seed) phantoms().push_back(make_phantom({}, seed, 0));
  }
  static void TearDownTestSuite() { phantoms().clear(); }
  void SetUp() override {
    root_ = fs::temp_directory_path() / ("hepar_leakage_test_" + std::to_string(::getpid()));
    for (const char* folder : {"train", "test"}) make_folder(root_ / folder);
  }
  void TearDown() override { fs::remove_all(root_); }

  static std::vector<Phantom>& phantoms() {
    static std::vector<Phantom> all;
    return all;
  }
  void touch(const std::string& name) const {
    make_folder((root_ / name).parent_path());
    write_text_file(root_ / name, "x");
  }
  std::vector<std::string> names(const std::string& folder, bool test = false) const {
    std::vector<std::string> result;
    for (const NamedScan& scan : list_scans(root_ / folder, test).scans) result.push_back(scan.name);
    return result;
  }
  std::string refusal(ErrorCode code) const {
    try {
      find_leakage({root_ / "train", root_ / "test"});
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code) << error.what();
      return error.what();
    }
    ADD_FAILURE() << "not refused";
    return {};
  }
  fs::path root_;
};

TEST_F(LeakageTest, AFolderOfImagesIsItsImages) {
  for (const char* name : {"b.nii.gz", "a.nrrd", "c.d.mha", ".hidden.nii", "notes.txt", "labelsTr/a.nii.gz"})
    touch(std::string("train/") + name);
  EXPECT_THAT(names("train"), ElementsAre("a", "b", "c.d"));
}

TEST_F(LeakageTest, OfANnunetDatasetTheFirstChannelOfTheRightPart) {
  for (const char* name : {"imagesTr/b_0000.nii.gz", "imagesTr/b_0001.nii.gz", "imagesTr/a_0000.nii.gz",
                           "imagesTs/c_0000.nii.gz", "labelsTr/a.nii.gz", "dataset.json"})
    touch(std::string("train/") + name);
  EXPECT_THAT(names("train"), ElementsAre("a", "b"));
  EXPECT_THAT(names("train", true), ElementsAre("c"));
  EXPECT_THAT(list_scans(root_ / "train", false).notes, ElementsAre(HasSubstr("imagesTr")));
  EXPECT_THAT(names("train/imagesTr"), ElementsAre("a", "b"));
  // A name may end in four digits without being a channel.
  touch("test/patient_0017.nii.gz");
  EXPECT_THAT(names("test"), ElementsAre("patient_0017"));
}

TEST_F(LeakageTest, PlacesWithoutScansAreRefused) {
  EXPECT_THAT(refusal(ErrorCode::kMissing), AllOf(HasSubstr("there is no scan in"), HasSubstr("train")));
  touch("train/readme.txt");
  EXPECT_THAT(refusal(ErrorCode::kMissing), HasSubstr("there is no scan in"));
  fs::remove_all(root_ / "train");
  EXPECT_THAT(refusal(ErrorCode::kMissing), HasSubstr("there is no " + (root_ / "train").string()));
}

TEST_F(LeakageTest, WhenNoneCanBeComparedTheReasonIsGiven) {
  touch("train/a.nii.gz");
  write_ct(root_ / "test" / "b.nii.gz", phantoms()[0].ct);
  EXPECT_THAT(refusal(ErrorCode::kInvalidInput),
              AllOf(HasSubstr("no scan of"), HasSubstr("train/a was left out")));
}

TEST_F(LeakageTest, FindsTheCopyAndNamesWhatWasLeftOut) {
  write_ct(root_ / "train" / "p0.nii.gz", phantoms()[0].ct);
  write_ct(root_ / "train" / "p1.nii.gz", phantoms()[1].ct);
  write_ct(root_ / "train" / "p1_again.nii.gz", phantoms()[1].ct);
  const CtVolume& ct = phantoms()[1].ct;
  AxisOrder order;
  order.flipped[0] = true;
  const CtVolume turned = reorient(ct, order);
  CtVolume copy({.size = ct.size()});  // 1 mm, no directions
  std::copy(turned.voxels().begin(), turned.voxels().end(), copy.voxels().begin());
  write_ct(root_ / "test" / "renamed_0000.nii.gz", copy);
  write_ct(root_ / "test" / "p2.nii.gz", phantoms()[2].ct);
  write_labels(root_ / "test" / "labels.nii.gz", phantoms()[2].labels);
  write_ct(root_ / "test" / "thin.nii.gz", crop(ct, {{0, 0, 0}, {ct.size().i, ct.size().j, 4}}));
  touch("test/broken.nii.gz");

  const LeakageReport report = find_leakage({root_ / "train", root_ / "test"});
  EXPECT_EQ(report.train_count, 3);
  EXPECT_EQ(report.test_count, 2);
  ASSERT_EQ(report.matches.size(), 2U);
  for (const ScanPair& pair : report.matches) {
    EXPECT_THAT(pair.first, HasSubstr("train/p1"));
    EXPECT_EQ(pair.second, "test/renamed");
    EXPECT_GT(pair.match.correlation, 0.95);
    EXPECT_TRUE(pair.match.flipped_left_right && !pair.match.flipped_front_back &&
                !pair.match.flipped_head_feet);
  }
  ASSERT_EQ(report.train_duplicates.size(), 1U);
  EXPECT_EQ(report.train_duplicates[0].second, "train/p1_again");
  ASSERT_EQ(report.nearest_others.size(), 2U);
  for (const ScanPair& pair : report.nearest_others) EXPECT_LT(pair.match.correlation, 0.5);
  EXPECT_EQ(report.left_out_count, 3);
  EXPECT_THAT(report.notes, Contains(AllOf(HasSubstr("test/broken was left out"))));
  EXPECT_THAT(report.notes, Contains(AllOf(HasSubstr("test/labels was left out"), HasSubstr("label map"))));
  EXPECT_THAT(report.notes, Contains(AllOf(HasSubstr("test/thin was left out"), HasSubstr("4 slices"))));
  EXPECT_FALSE(report.clean());

  const std::string text = leakage_text(report);
  EXPECT_THAT(text, HasSubstr("test/renamed is train/p1: correlation"));
  EXPECT_THAT(text, HasSubstr("flipped left-right"));
  EXPECT_THAT(text, HasSubstr("Leakage: 1 of 2 test scans is among 3 training scans"));
  const auto document = nlohmann::json::parse(leakage_json(report));
  EXPECT_EQ(document["format"], "hepar.leakage/1");
  EXPECT_EQ(document["matches"][0]["test"], "test/renamed");
  EXPECT_EQ(document["matches"][0]["train"], "train/p1");
  EXPECT_EQ(document["matches"][0]["flipped"], nlohmann::json::array({"left-right"}));
  EXPECT_EQ(document["train_duplicates"][0]["first"], "train/p1");
  EXPECT_EQ(document["nearest_others"].size(), 2U);
  EXPECT_EQ(document["left_out"], 3);
}

TEST_F(LeakageTest, DifferentPhantomsAreNoLeakage) {
  write_ct(root_ / "train" / "a.nii.gz", phantoms()[0].ct);
  write_ct(root_ / "train" / "b.nii.gz", phantoms()[1].ct);
  write_ct(root_ / "test" / "a.nii.gz", phantoms()[2].ct);
  write_ct(root_ / "test" / "b.nii.gz", phantoms()[3].ct);
  const LeakageReport report = find_leakage({root_ / "train", root_ / "test"});
  EXPECT_TRUE(report.clean());
  EXPECT_THAT(report.matches, IsEmpty());
  EXPECT_THAT(leakage_text(report), HasSubstr("No leakage found: none of 2 test scans"));
}

TEST_F(LeakageTest, AFolderAgainstItselfIsSearchedForDuplicates) {
  write_ct(root_ / "train" / "a.nii.gz", phantoms()[0].ct);
  write_ct(root_ / "train" / "b.nii.gz", phantoms()[1].ct);
  LeakageReport report = find_leakage({root_ / "train", root_ / "train"});
  EXPECT_TRUE(report.clean());
  write_ct(root_ / "train" / "c.nii.gz", phantoms()[1].ct);
  report = find_leakage({root_ / "train", root_ / "train"});
  ASSERT_EQ(report.train_duplicates.size(), 1U);
  EXPECT_THAT(report.matches, IsEmpty());
  EXPECT_FALSE(report.clean());
  EXPECT_THAT(leakage_text(report), HasSubstr("1 pair of one scan found among 3 scans"));
  // The same file named twice is no folder against itself.
  EXPECT_EQ(find_leakage({root_ / "train" / "a.nii.gz", root_ / "train" / "a.nii.gz"}).matches.size(), 1U);
}

}  // namespace
}  // namespace hepar
