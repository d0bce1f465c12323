// SPDX-License-Identifier: Apache-2.0
#include "hepar/evaluation/evaluation.h"

#include <gmock/gmock.h>

#include "hepar/core/error.h"
#include "hepar/evaluation/test_maps.h"

namespace hepar {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::size_t kLiverRegion = 0, kTumourRegion = 1, kCystRegion = 2;

TEST(EvaluateMaps, LiverIsAllThreeLabelsTogether) {
  const EvaluatedCase c = evaluate_maps("a", row({0, 1, 2, 3, 0}), row({0, 3, 1, 2, 0}));
  EXPECT_DOUBLE_EQ(c.regions[kLiverRegion].metrics.dsc.value(), 1.0);
  EXPECT_DOUBLE_EQ(c.regions[kTumourRegion].metrics.dsc.value(), 0.0);
  // One voxel each, one step of 10 mm apart.
  EXPECT_DOUBLE_EQ(c.regions[kTumourRegion].metrics.hd95_mm.value(), 10.0);
  EXPECT_FALSE(c.regions[kLiverRegion].lesions.has_value());
  EXPECT_EQ(c.regions[kTumourRegion].lesions->references.size(), 1U);
}

TEST(EvaluateMaps, TakesTheUsersRegionsAndCountsTheirLesions) {
  EvaluationOptions options;
  options.regions = {parse_region("both=7,9")};
  options.lesion_regions = {"both", "unknown"};
  const EvaluatedCase c = evaluate_maps("a", row({7, 9, 0, 0, 9}), row({9, 7, 0, 0, 0}), options);
  ASSERT_EQ(c.regions.size(), 1U);
  EXPECT_DOUBLE_EQ(c.regions[0].metrics.dsc.value(), 2.0 * 2 / (3 + 2));
  EXPECT_EQ(c.regions[0].lesions->predictions.size(), 2U);
}

TEST(EvaluateMaps, RefusesMapsOfDifferentGrids) {
  EXPECT_THROW(evaluate_maps("a", row({1, 2}), row({1, 2, 0})), Error);
}

TEST(EvaluationOptions, NamesItsProblems) {
  EXPECT_THAT(EvaluationOptions().problems(), IsEmpty());
  EvaluationOptions options;
  options.regions = {parse_region("a=1"), parse_region("a=2")};
  options.min_iou = 1.5;
  options.metrics.surface_tolerance_mm = -1;
  EXPECT_THAT(options.problems(),
              ElementsAre(HasSubstr("a is named twice"), HasSubstr("1.5"), HasSubstr("-1 mm")));
  options.regions.clear();
  EXPECT_THAT(options.problems(), Contains(HasSubstr("no region")));
}

class Evaluate : public EvaluationFolders {
 protected:
  Evaluation run(std::vector<MethodSource> methods) const { return evaluate(methods, root_ / "r"); }
  Evaluation run() const { return run({{"A", root_ / "a"}}); }
};

TEST_F(Evaluate, WhatCannotBeComparedIsAFaultAndTheRestGoesOn) {
  write("a/good.nii.gz", {1, 2});
  write("a/longer.nii.gz", {1, 2, 0});
  write("a/only.nii.gz", {1, 2});
  write_text_file(root_ / "a/broken.nii.gz", "this is no image");
  for (const char* name : {"good", "longer", "broken"}) write(std::string("r/") + name + ".nii.gz", {1, 2});
  const Evaluation evaluation = run();
  ASSERT_EQ(evaluation.methods[0].cases.size(), 1U);
  EXPECT_EQ(evaluation.methods[0].cases[0].name, "good");
  EXPECT_THAT(evaluation.faults,
              ElementsAre(HasSubstr("only of"), HasSubstr("A: broken was left out"),
                          AllOf(HasSubstr("A: longer was left out"), HasSubstr("another grid"))));
}

TEST_F(Evaluate, LabelsThatNoRegionNamesAreAFaultButTheCaseCounts) {
  write("a/x.nii.gz", {1, 4});
  write("r/x.nii.gz", {1, 0});
  const Evaluation evaluation = run();
  EXPECT_EQ(evaluation.methods[0].cases.size(), 1U);
  EXPECT_THAT(evaluation.faults, ElementsAre(HasSubstr("the prediction of x holds label 4")));
}

TEST_F(Evaluate, APairOfFilesFailsWithItsOwnError) {
  write("a/x.nii.gz", {1, 2, 0});
  write("r/x.nii.gz", {1, 2});
  try {
    evaluate({{"A", root_ / "a/x.nii.gz"}}, root_ / "r/x.nii.gz");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidInput);
    EXPECT_THAT(error.what(), HasSubstr("another grid"));
  }
}

TEST_F(Evaluate, ACohortWithoutAGoodCaseIsAnError) {
  write("a/x.nii.gz", {1, 2, 0});
  write("r/x.nii.gz", {1, 2});
  try {
    run();
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("no case of"), HasSubstr("another grid")));
  }
}

TEST_F(Evaluate, MapsInAnotherOrderOfAxesAreTurned) {
  write("r/x.nii.gz", {0, 1, 2});
  LabelMap turned = row({2, 1, 0});
  Geometry geometry = turned.geometry();
  geometry.origin_mm.x = 20;
  geometry.direction.set_column(0, {-1, 0, 0});
  LabelMap prediction(geometry);
  std::copy(turned.voxels().begin(), turned.voxels().end(), prediction.voxels().begin());
  write_labels(root_ / "a/x.nii.gz", prediction);
  EXPECT_DOUBLE_EQ(run().methods[0].cases[0].regions[kTumourRegion].metrics.dsc.value(), 1.0);
}

TEST_F(Evaluate, PairsTheValuesOfTwoMethodsByCase) {
  write("a/x.nii.gz", {1, 2, 2, 0});
  write("a/y.nii.gz", {1, 2, 0, 0});
  write("a/z.nii.gz", {1, 2, 0, 0});
  write("b/y.nii.gz", {1, 2, 2, 0});
  write("b/z.nii.gz", {1, 1, 0, 0});
  for (const char* name : {"x", "y", "z"}) write(std::string("r/") + name + ".nii.gz", {1, 2, 2, 0});
  const Evaluation evaluation = run({{"A", root_ / "a"}, {"B", root_ / "b"}});
  const auto& [a, b] = std::pair(evaluation.methods[0], evaluation.methods[1]);
  EXPECT_THAT(metric_values(a, kTumourRegion, &RegionMetrics::dsc), ElementsAre(1.0, 2.0 / 3, 2.0 / 3));
  const PairedValues dsc = paired_values(a, b, kTumourRegion, &RegionMetrics::dsc);
  EXPECT_THAT(dsc.cases, ElementsAre("y", "z"));
  EXPECT_THAT(dsc.first, ElementsAre(2.0 / 3, 2.0 / 3));
  EXPECT_THAT(dsc.second, ElementsAre(1.0, 0.0));
  // z of b holds no tumour, so its distance is undefined.
  EXPECT_THAT(paired_values(a, b, kTumourRegion, &RegionMetrics::hd95_mm).cases, ElementsAre("y"));
  // No cyst anywhere.
  EXPECT_THAT(paired_values(a, b, kCystRegion, &RegionMetrics::dsc).cases, IsEmpty());
}

}  // namespace
}  // namespace hepar
