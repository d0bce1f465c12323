// SPDX-License-Identifier: Apache-2.0
#include "hepar/lesion/judge.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "hepar/lesion/test_case.h"

namespace hepar {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing_case::liver_of;

// A region with all that a clean cyst of 10 HU has.
LesionRegion clean_cyst() {
  LesionRegion region;
  region.voxels = 4000;
  region.fit.amplitude = 3900, region.fit.mean_hu = 12, region.fit.std_smoothed_hu = 16;
  region.fit.std_hu = 15, region.fit.converged = true;
  region.percentiles_hu = {-30, -15, 12, 40, 90};
  region.lowest_hu = -45, region.highest_hu = 105;
  RegionEvidence& evidence = region.evidence;
  evidence.diameter_mm = 20, evidence.roundness = 1;
  evidence.interior_voxels = 2000;
  evidence.interior_mean_hu = 10, evidence.interior_std_hu = 15, evidence.interior_error_hu = 0.5;
  evidence.edge = EdgeFit{10, 110, 0, 0.6, 0.75, 0.05};
  evidence.rim_excess_hu = 0, evidence.unevenness = 0.8;
  return region;
}

LesionRegion judged(LesionRegion region, const LesionFilterOptions& options = {}) {
  judge_by_evidence(region, liver_of(110, 15), options, 1.5);
  return region;
}

TEST(JudgeByEvidence, CallsACleanCystOne) {
  const LesionRegion region = judged(clean_cyst());
  EXPECT_EQ(region.verdict, Verdict::kCalledCyst);
  EXPECT_EQ(region.reason, "core 10 HU, homogeneous (S 15, liver noise 15), no rim: cyst");
  EXPECT_TRUE(std::none_of(region.flags.begin(), region.flags.end(), bars_cyst));
}

TEST(JudgeByEvidence, DoubtsBetweenTheThresholds) {
  LesionFilterOptions options;
  options.thresholds = {.cyst_probability = 1, .tumour_probability = 0.5};
  const LesionRegion region = judged(clean_cyst(), options);
  EXPECT_EQ(region.verdict, Verdict::kDoubtful);
  EXPECT_THAT(region.reason, AllOf(HasSubstr("core 10 HU, 100 below the liver (probability of cyst "),
                                   HasSubstr("): doubtful, stays tumour")));
}

TEST(JudgeByEvidence, CallsABrightCoreTumour) {
  LesionRegion region = clean_cyst();
  region.evidence.interior_mean_hu = 130;
  region = judged(region);
  EXPECT_EQ(region.verdict, Verdict::kCalledTumour);
  EXPECT_THAT(region.reason, AllOf(HasSubstr("core 130 HU, 20 above the liver"), HasSubstr(": tumour")));
}

// What a flag needs, and what the reason then says.
struct Spoiled {
  LesionFlag flag;
  void (*spoil)(LesionRegion&);
  const char* words;
};

class Guard : public testing::TestWithParam<Spoiled> {};

TEST_P(Guard, KeepsTheCystInTheTumourAndSaysWhy) {
  LesionRegion region = clean_cyst();
  GetParam().spoil(region);
  region = judged(region);
  EXPECT_TRUE(region.has(GetParam().flag)) << region.reason;
  EXPECT_TRUE(bars_cyst(GetParam().flag));
  EXPECT_NE(region.verdict, Verdict::kCalledCyst);
  EXPECT_THAT(region.reason, HasSubstr(GetParam().words));
  EXPECT_TRUE(std::is_sorted(region.flags.begin(), region.flags.end()));
}
INSTANTIATE_TEST_SUITE_P(
    All, Guard,
    testing::Values(
        Spoiled{LesionFlag::kSmall, [](LesionRegion& r) { r.evidence.diameter_mm = 4; },
                "too small to tell (4 mm)"},
        Spoiled{LesionFlag::kFitFailed, [](LesionRegion& r) { r.fit.converged = false; },
                "no curve could be fitted"},
        Spoiled{LesionFlag::kRim, [](LesionRegion& r) { r.evidence.rim_excess_hu = 60; },
                "a rim 60 HU brighter"},
        Spoiled{LesionFlag::kUneven, [](LesionRegion& r) { r.evidence.unevenness = 6; },
                "uneven inside (6.0 times"},
        Spoiled{LesionFlag::kHighCore, [](LesionRegion& r) { r.evidence.interior_error_hu = 14; },
                "standard error 14.0 HU"},
        Spoiled{LesionFlag::kBrightPart, [](LesionRegion& r) { r.flags = {LesionFlag::kBrightPart}; },
                "a part of it is bright"},
        Spoiled{LesionFlag::kDense, [](LesionRegion& r) { r.evidence.dense_voxels = 12; }, "12 dense voxels"},
        Spoiled{LesionFlag::kGas, [](LesionRegion& r) { r.evidence.gas_voxels = 12; },
                "12 voxels of gas or fat"},
        Spoiled{LesionFlag::kEqualValues, [](LesionRegion& r) { r.lowest_hu = r.highest_hu = 12; },
                "same HU"},
        Spoiled{LesionFlag::kClipped, [](LesionRegion& r) { r.percentiles_hu[4] = r.highest_hu = 1023; },
                "cut off at 1023 HU"},
        Spoiled{LesionFlag::kPadding, [](LesionRegion& r) { r.lowest_hu = -1024; },
                "values of -1024 HU, air or padding"},
        Spoiled{LesionFlag::kImplausible, [](LesionRegion& r) { r.percentiles_hu[2] = -900; },
                "half of it is below -900 HU"}));

TEST(JudgeByEvidence, DoubtsWithoutACoreOrALiver) {
  LesionRegion coreless = clean_cyst(), liverless = clean_cyst();
  coreless.evidence = {};
  EXPECT_EQ(judged(coreless).verdict, Verdict::kDoubtful);
  EXPECT_THAT(judged(coreless).reason, HasSubstr("mean 12 HU: there is no core or no liver to judge by"));
  judge_by_evidence(liverless, LiverReference{}, {}, 1.5);
  EXPECT_EQ(liverless.verdict, Verdict::kDoubtful);
  EXPECT_FALSE(liverless.probability_cyst);
  EXPECT_TRUE(liverless.has(LesionFlag::kNoLiver));
}

TEST(JudgeByPaper, AsksForTheFittedMeanAlone) {
  // All that bars a cyst under the evidence rule is a flag here, no more.
  LesionRegion region = clean_cyst();
  region.lowest_hu = -1024, region.percentiles_hu[2] = -900, region.fit.std_hu = 90;
  judge_by_paper(region, liver_of(57, 15), {});
  EXPECT_EQ(region.verdict, Verdict::kCalledCyst);
  EXPECT_EQ(region.reason, "fitted mean 12.00 HU is below 45 HU: cyst");
  EXPECT_THAT(region.flags, ElementsAre(LesionFlag::kWide, LesionFlag::kUnenhancedLiver, LesionFlag::kPadding,
                                        LesionFlag::kImplausible));
  EXPECT_FALSE(region.probability_cyst);
}

TEST(JudgeByPaper, DoubtsOnlyAFitThatFailed) {
  LesionRegion dark = clean_cyst(), bright = clean_cyst();
  dark.fit.converged = bright.fit.converged = false;
  bright.fit.mean_hu = 45;
  judge_by_paper(dark, liver_of(110, 15), {});
  judge_by_paper(bright, liver_of(110, 15), {});
  EXPECT_EQ(dark.verdict, Verdict::kDoubtful);
  EXPECT_THAT(dark.reason, HasSubstr("median 12.00 HU is below 45 HU, but no curve could be fitted"));
  EXPECT_EQ(bright.verdict, Verdict::kCalledTumour);
  EXPECT_THAT(bright.reason, HasSubstr("median 45.00 HU is not below 45 HU: tumour"));
}

TEST(BarCyst, DoubtsACystAndOnlyFlagsOthers) {
  LesionRegion cyst = judged(clean_cyst()), tumour = clean_cyst();
  bar_cyst(cyst, LesionFlag::kNearTumour, liver_of(110, 15));
  EXPECT_EQ(cyst.verdict, Verdict::kDoubtful);
  EXPECT_THAT(cyst.reason, HasSubstr(": cyst, but a tumour lies within 3 mm: doubtful, stays tumour"));
  EXPECT_TRUE(cyst.has(LesionFlag::kNearTumour));
  tumour.verdict = Verdict::kCalledTumour, tumour.reason = "a tumour";
  bar_cyst(tumour, LesionFlag::kNearTumour, liver_of(110, 15));
  EXPECT_EQ(tumour.verdict, Verdict::kCalledTumour);
  EXPECT_EQ(tumour.reason, "a tumour");
  EXPECT_TRUE(tumour.has(LesionFlag::kNearTumour));
}

}  // namespace
}  // namespace hepar
