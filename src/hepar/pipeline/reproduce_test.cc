// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/reproduce.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "hepar/core/error.h"
#include "hepar/pipeline/phantom_cohort.h"
#include "hepar/pipeline/reproduce_data.h"
#include "hepar/pipeline/test_folder.h"
#include "hepar/pipeline/test_import.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

class ExperimentDataTest : public ScratchFolder {
 protected:
  ReproduceRequest small() const {
    ReproduceRequest request;
    request.output = root_ / "out";
    request.training_cases = 2, request.validation_cases = 1, request.test_cases = 1,
    request.clinical_cases = 1;
    return request;
  }
  std::string refusal(const ReproduceRequest& request) const {
    try {
      experiment_data(request, nullptr);
    } catch (const Error& error) {
      return error.what();
    }
    return "nothing was refused";
  }
};

TEST_F(ExperimentDataTest, WithoutTrainingOnlyTheCasesToMeetAreMade) {
  const ExperimentData data = experiment_data(small(), nullptr);
  EXPECT_TRUE(data.training.empty());
  ASSERT_THAT(data.cohorts, SizeIs(3));
  // After the two that would be trained on.
  EXPECT_THAT(data.cohorts[0].cases, ElementsAre("phantom_002"));
  for (const CohortData& cohort : data.cohorts) {
    for (const std::string& name : cohort.cases) {
      EXPECT_TRUE(fs::exists(cohort.image(name))) << name;
      EXPECT_TRUE(fs::exists(cohort.labels(name))) << name;
    }
  }
  EXPECT_THAT(data.cohorts[2].title, HasSubstr("with cysts"));
}

TEST_F(ExperimentDataTest, TrainingHoldsTheLastCasesBack) {
  ReproduceRequest request = small();
  request.train = [](const fs::path&, int) {};
  const ExperimentData data = experiment_data(request, nullptr);
  EXPECT_EQ(data.training, root_ / "out/data/training");
  EXPECT_THAT(data.cohorts[0].cases, ElementsAre("phantom_002"));
  EXPECT_TRUE(fs::exists(data.training / "labelsTr/phantom_000.nii.gz"));
}

TEST_F(ExperimentDataTest, TakesDatasetsAndTheirCasesWithTumour) {
  write_phantom_cohort({.output = root_ / "lits", .cases = 3, .seed = 3, .options = {}});
  write_phantom_cohort(
      {.output = root_ / "ircad", .cases = 1, .seed = 4, .only_with_tumour = true, .options = {}});
  write_phantom_cohort({.output = root_ / "healthy", .cases = 1, .seed = 4, .options = {.lesions = false}});
  ReproduceRequest request = small();
  request.train_data = root_ / "lits";
  request.test_data = root_ / "ircad";
  const ExperimentData data = experiment_data(request, nullptr);
  ASSERT_THAT(data.cohorts, SizeIs(2));
  EXPECT_THAT(data.cohorts[0].cases, ElementsAre("phantom_002"));
  EXPECT_EQ(data.cohorts[1].title, "1 cases of ircad");
  request.validation_cases = 3;
  EXPECT_THAT(refusal(request), HasSubstr("holds 3 cases; 3 are held back"));
  request.validation_cases = 1;
  request.test_data = root_ / "healthy";
  EXPECT_THAT(refusal(request), HasSubstr("no case of"));
  request.test_data = root_ / "none";
  EXPECT_THAT(refusal(request), HasSubstr("none"));
  request.test_data.clear();
  EXPECT_THAT(refusal(request), HasSubstr("needs two"));
}

// Two imported datasets as the paper has them: LiTS to train on, and 3D-IRCADb, which knows cysts, to test
// on.
TEST_F(ExperimentDataTest, TakesImportedLitsAndIrcadb) {
  make_folder(root_ / "LiTS");
  for (const char* number : {"0", "1", "2"}) {
    write_ct(root_ / "LiTS" / fmt::format("volume-{}.nii", number), import_ct());
    write_labels(root_ / "LiTS" / fmt::format("segmentation-{}.nii", number), import_labels());
  }
  LabelMap with_cyst = import_labels();
  fill(with_cyst, {5, 3, 2}, {6, 5, 3}, kCyst);
  write_ircadb_case(root_ / "IRCADb/3Dircadb1.1", with_cyst);
  LabelMap healthy(import_grid());
  fill(healthy, {1, 1, 1}, {7, 5, 3}, kLiver);
  write_ircadb_case(root_ / "IRCADb/3Dircadb1.2", healthy);
  import_dataset({ImportFormat::kLits, root_ / "LiTS", root_ / "lits", {}});
  import_dataset({ImportFormat::kIrcadb, root_ / "IRCADb", root_ / "ircadb", {}});
  ReproduceRequest request = small();
  request.train_data = root_ / "lits", request.test_data = root_ / "ircadb";
  const ExperimentData data = experiment_data(request, nullptr);
  EXPECT_EQ(data.training, root_ / "lits");
  ASSERT_THAT(data.cohorts, SizeIs(2));
  EXPECT_THAT(data.cohorts[0].cases, ElementsAre("lits_002"));
  EXPECT_THAT(data.cohorts[1].cases, ElementsAre("ircadb_01"));  // the other has no tumour
  EXPECT_TRUE(fs::exists(data.cohorts[1].image("ircadb_01")));
  EXPECT_TRUE(fs::exists(data.cohorts[1].labels("ircadb_01")));
}

}  // namespace
}  // namespace hepar
