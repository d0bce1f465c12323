// SPDX-License-Identifier: Apache-2.0
#include "hepar/evaluation/case_pairs.h"

#include <gmock/gmock.h>

#include "hepar/core/error.h"
#include "hepar/evaluation/test_maps.h"

namespace hepar {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class PairCases : public EvaluationFolders {
 protected:
  std::string refusal(const std::string& prediction, const std::string& reference) const {
    try {
      pair_cases(root_ / prediction, root_ / reference);
    } catch (const Error& error) {
      return error.what();
    }
    return "nothing was refused";
  }
};

TEST_F(PairCases, ByNameWithoutSuffixWhateverTheFormat) {
  write("a/liver_1.nii.gz", {1});
  write("a/liver_2.nii", {1});
  write("r/liver_1.nii", {1});
  write("r/liver_2.nii.gz", {1});
  const CasePairs found = pair_cases(root_ / "a", root_ / "r");
  ASSERT_EQ(found.pairs.size(), 2U);
  EXPECT_EQ(found.pairs[0].name, "liver_1");
  EXPECT_EQ(found.pairs[0].reference, root_ / "r/liver_1.nii");
  EXPECT_EQ(found.pairs[1].name, "liver_2");
  EXPECT_TRUE(found.faults.empty());
}

TEST_F(PairCases, FoldersOfCasesHoldTheFileAskedFor) {
  write("a/x/labels.nii.gz", {1});
  write("a/x/unfiltered.nii.gz", {1});
  write("r/x.nii.gz", {1});
  EXPECT_EQ(pair_cases(root_ / "a", root_ / "r").pairs[0].prediction, root_ / "a/x/labels.nii.gz");
  EXPECT_EQ(pair_cases(root_ / "a", root_ / "r", kUnfilteredFile).pairs[0].prediction,
            root_ / "a/x/unfiltered.nii.gz");
}

TEST_F(PairCases, ACaseIsThereOnce) {
  write("a/x.nii.gz", {1});
  write("a/x.nii", {1});
  write("r/x.nii.gz", {1});
  EXPECT_THAT(refusal("a", "r"), HasSubstr("twice"));
  EXPECT_THAT(refusal("r", "a"), HasSubstr("twice"));
}

TEST_F(PairCases, StructuresCountAsLabelMaps) {
  write("r/x.nii.gz", {1});
  std::filesystem::create_directories(root_ / "a");
  std::filesystem::copy_file(root_ / "r/x.nii.gz", root_ / "a/x.dcm");  // only its name is looked at here
  EXPECT_EQ(pair_cases(root_ / "a", root_ / "r").pairs.at(0).name, "x");
}

TEST_F(PairCases, CasesWithoutPartnerAreNamed) {
  write("a/x.nii.gz", {1});
  write("a/only.nii.gz", {1});
  write("r/x.nii.gz", {1});
  write("r/lonely.nii.gz", {1});
  EXPECT_THAT(pair_cases(root_ / "a", root_ / "r").faults,
              ElementsAre(HasSubstr("only of"), HasSubstr("lonely has no prediction")));
}

TEST_F(PairCases, TwoFilesAreOneCaseOfTheReferencesName) {
  write("a/labels.nii.gz", {1});
  write("r/x.nii.gz", {1});
  EXPECT_EQ(pair_cases(root_ / "a/labels.nii.gz", root_ / "r/x.nii.gz").pairs[0].name, "x");
}

TEST_F(PairCases, RefusesWhatCannotBePaired) {
  write("a/x.nii.gz", {1});
  EXPECT_THAT(refusal("none", "r"), HasSubstr("there is no"));
  EXPECT_THAT(refusal("a/x.nii.gz", "r"), HasSubstr("not one of each"));
  EXPECT_THAT(refusal("a", "r"), HasSubstr((root_ / "r").string() + " holds no label map"));
  EXPECT_THAT(refusal("b", "a"), HasSubstr((root_ / "b").string() + " holds no label map"));
  write("r/y.nii.gz", {1});
  EXPECT_THAT(refusal("a", "r"), HasSubstr("such as x) has a partner"));
}

TEST(CaseNameOf, DropsTheSuffixOfAnImageFile) {
  EXPECT_EQ(case_name_of("p/liver_0.nii.gz"), "liver_0");
  EXPECT_EQ(case_name_of("v1.2.nii"), "v1.2");
  EXPECT_EQ(case_name_of("a.NRRD"), "a");
  EXPECT_EQ(case_name_of("folder.x"), "folder.x");
}

}  // namespace
}  // namespace hepar
