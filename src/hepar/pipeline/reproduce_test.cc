// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/reproduce.h"

#include <gmock/gmock.h>

#include "hepar/core/error.h"
#include "hepar/pipeline/phantom_cohort.h"
#include "hepar/pipeline/reproduce_data.h"
#include "hepar/pipeline/test_folder.h"

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

}  // namespace
}  // namespace hepar
