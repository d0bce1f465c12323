// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/phantom_cohort.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "hepar/core/error.h"
#include "hepar/io/image_io.h"
#include "hepar/pipeline/test_folder.h"

namespace hepar {
namespace {

class PhantomCohort : public ScratchFolder {};

TEST_F(PhantomCohort, BeginsWhereAskedWithTheSameCases) {
  EXPECT_THAT(write_phantom_cohort({.output = root_ / "all", .cases = 2, .seed = 3, .options = {}}),
              testing::ElementsAre("phantom_000", "phantom_001"));
  EXPECT_THAT(
      write_phantom_cohort({.output = root_ / "one", .cases = 1, .first_case = 1, .seed = 3, .options = {}}),
      testing::ElementsAre("phantom_001"));
  const LabelMap a = read_labels(root_ / "all/labelsTr/phantom_001.nii.gz").voxels;
  const LabelMap b = read_labels(root_ / "one/labelsTr/phantom_001.nii.gz").voxels;
  EXPECT_TRUE(std::equal(a.voxels().begin(), a.voxels().end(), b.voxels().begin(), b.voxels().end()));
  EXPECT_EQ(nlohmann::json::parse(read_text_file(root_ / "one/dataset.json"))["numTraining"], 1);
}

TEST_F(PhantomCohort, RefusesNone) {
  EXPECT_THROW(write_phantom_cohort({.output = root_, .cases = 0, .options = {}}), Error);
}

}  // namespace
}  // namespace hepar
