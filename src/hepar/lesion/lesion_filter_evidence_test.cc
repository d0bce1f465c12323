// SPDX-License-Identifier: Apache-2.0
// The evidence rule from CT to label map.
#include <gmock/gmock.h>

#include <algorithm>
#include <limits>

#include "hepar/core/error.h"
#include "hepar/lesion/lesion_filter.h"
#include "hepar/lesion/test_case.h"

namespace hepar {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::Contains;
using testing::HasSubstr;
using testing_case::Ball;
using testing_case::PaintedCase;

constexpr double kNoiseHu = 12;

LesionFilterOptions with_rule(LesionRule rule) {
  LesionFilterOptions options;
  options.rule = rule;
  return options;
}

// A round, dark, even ball of 20 mm and 10 HU in enhanced liver. Each test adds what spoils it.
struct CystCase : PaintedCase {
  explicit CystCase(float liver_hu = 110, double cyst_hu = 10) : PaintedCase(liver_hu) {
    add(ball, cyst_hu);
    add_noise(kNoiseHu);
  }
  // Every n-th voxel of the region.
  void overwrite(std::size_t step, float hu) {
    std::size_t seen = 0;
    for (std::size_t n = 0; n < ct.voxels().size(); ++n) {
      if (labels.voxels()[n] == kTumour && seen++ % step == 0) ct.voxels()[n] = hu;
    }
  }
  Ball ball{middle_mm(), 10};
};

LesionFilterResult filter(PaintedCase& c, LesionRule rule = LesionRule::kEvidence) {
  return filter_lesions(c.ct, c.labels, with_rule(rule));
}

TEST(EvidenceRule, IsTheDefault) { EXPECT_EQ(LesionFilterOptions{}.rule, LesionRule::kEvidence); }

TEST(EvidenceRule, RemovesACleanCystAndSaysWhy) {
  CystCase c;
  const std::int64_t voxels = c.count(kTumour);
  const LesionFilterResult result = filter(c);
  ASSERT_EQ(result.regions.size(), 1U);
  const LesionRegion& region = result.regions[0];
  EXPECT_EQ(region.verdict, Verdict::kCalledCyst) << region.reason;
  EXPECT_GE(region.probability_cyst.value(), result.options.thresholds.cyst_probability);
  EXPECT_NEAR(region.probability_cyst.value(), region.odds.probability(), 1e-12);
  EXPECT_THAT(region.reason, AllOf(HasSubstr("core 10 HU"), HasSubstr("homogeneous (S 12, liver noise 12)"),
                                   HasSubstr("no rim"), HasSubstr(": cyst")));
  EXPECT_NEAR(region.interior_fit.value().mean_hu, 10, 1);
  EXPECT_EQ(c.count(kCyst), voxels);
  EXPECT_EQ(c.count(kTumour), 0);
  EXPECT_EQ(result.liver.source, LiverSource::kLabel);
  EXPECT_NEAR(result.liver.noise_hu, kNoiseHu, 1);
}

TEST(EvidenceRule, KeepsATumour) {
  PaintedCase c;
  c.add({c.middle_mm(), 10}, 75);
  c.add_noise(kNoiseHu);
  const LesionRegion region = filter(c).regions.at(0);
  EXPECT_EQ(region.verdict, Verdict::kCalledTumour);
  EXPECT_THAT(region.reason, HasSubstr("core 75 HU, 35 below the liver"));
  EXPECT_LT(region.probability_cyst.value(), 0.05);
  EXPECT_EQ(c.count(kCyst), 0);
}

// A dark core within a rim of 3 mm.
PaintedCase necrotic(double radius_mm, double core_hu, double rim_hu) {
  PaintedCase c;
  c.add({c.middle_mm(), radius_mm}, rim_hu);
  c.paint({c.middle_mm(), radius_mm - 3}, core_hu);
  c.add_noise(kNoiseHu);
  return c;
}

TEST(EvidenceRule, KeepsADarkCoreWithARim) {
  PaintedCase c = necrotic(10, 10, 85);
  const LesionRegion region = filter(c).regions.at(0);
  EXPECT_NE(region.verdict, Verdict::kCalledCyst) << region.reason;
  EXPECT_THAT(region.flags, AnyOf(Contains(LesionFlag::kRim), Contains(LesionFlag::kBrightPart)));
  EXPECT_EQ(c.count(kCyst), 0);
}

TEST(EvidenceRule, KeepsTheNecroticTumourThatThePapersRuleRemoves) {
  // Core of 21 mm radius within 24: (21 / 24)^3 = 67 % of the voxels, and the curve is theirs.
  PaintedCase by_paper = necrotic(24, 25, 85), by_evidence = necrotic(24, 25, 85);
  const LesionRegion printed = filter(by_paper, LesionRule::kPaper).regions.at(0);
  EXPECT_EQ(printed.verdict, Verdict::kCalledCyst) << printed.reason;
  EXPECT_NEAR(printed.fit.mean_hu, 25, 5);
  EXPECT_EQ(by_paper.count(kTumour), 0);
  const LesionRegion region = filter(by_evidence).regions.at(0);
  EXPECT_NE(region.verdict, Verdict::kCalledCyst) << region.reason;
  EXPECT_EQ(by_evidence.count(kCyst), 0);
}

// That the only region stayed tumour, and why.
void expect_kept(PaintedCase& c, LesionFlag flag) {
  const std::int64_t voxels = c.count(kTumour);
  const LesionFilterResult result = filter(c);
  for (const LesionRegion& region : result.regions) {
    EXPECT_NE(region.verdict, Verdict::kCalledCyst);
    EXPECT_TRUE(region.has(flag)) << region.reason;
    EXPECT_FALSE(region.reason.empty());
  }
  EXPECT_EQ(c.count(kTumour), voxels);
}

TEST(EvidenceRule, KeepsWhatHoldsCalcification) {
  CystCase c;
  c.overwrite(200, 600);
  expect_kept(c, LesionFlag::kDense);
}

TEST(EvidenceRule, KeepsWhatHoldsGas) {
  CystCase c;
  c.overwrite(200, -500);
  expect_kept(c, LesionFlag::kGas);
}

TEST(EvidenceRule, KeepsEqualValues) {
  CystCase c;
  c.overwrite(1, 10);
  expect_kept(c, LesionFlag::kEqualValues);
}

TEST(EvidenceRule, KeepsWhatHoldsPaddingAndSaysSo) {
  CystCase c;
  c.overwrite(200, -1000);
  CystCase again = c;
  EXPECT_THAT(filter(again).notes, Contains(HasSubstr("regions that hold air, padding or bone: 1")));
  expect_kept(c, LesionFlag::kPadding);
}

TEST(EvidenceRule, KeepsWhatTheCtCutsOff) {
  CystCase c;
  c.overwrite(50, 1023);  // 2 % of the voxels, at the largest value of a CT that stored 11 bits
  expect_kept(c, LesionFlag::kClipped);
}

TEST(EvidenceRule, KeepsWhatLiesInAirOrBone) {
  CystCase air, bone;
  air.overwrite(1, -900), bone.overwrite(1, 700);
  air.add_noise(5), bone.add_noise(5);
  expect_kept(air, LesionFlag::kImplausible);
  expect_kept(bone, LesionFlag::kImplausible);
}

TEST(EvidenceRule, FindsEightVoxelsTooSmallToTell) {
  PaintedCase c;
  c.add_noise(kNoiseHu);
  for (std::int64_t n = 0; n < 8; ++n) {
    const Int3 at{30 + n % 2, 30 + n / 2 % 2, 15 + n / 4};
    c.labels[at] = kTumour, c.ct[at] -= 100;
  }
  expect_kept(c, LesionFlag::kSmall);
}

TEST(EvidenceRule, SaysWhenNoLiverIsLabelled) {
  CystCase c;
  std::replace(c.labels.voxels().begin(), c.labels.voxels().end(), kLiver, kBackground);
  const LesionFilterResult result = filter(c);
  EXPECT_THAT(result.notes, Contains(AllOf(HasSubstr("the map holds 0 liver voxels"),
                                           HasSubstr("stands in for the liver"))));
  EXPECT_TRUE(result.regions.at(0).has(LesionFlag::kNoLiver));
  EXPECT_EQ(result.liver.source, LiverSource::kSurroundings);
  EXPECT_NEAR(result.liver.median_hu.value(), 110, 3);
}

TEST(EvidenceRule, DoubtsWithoutAnyLiver) {
  CystCase c(-1000);
  std::replace(c.labels.voxels().begin(), c.labels.voxels().end(), kLiver, kBackground);
  const LesionFilterResult result = filter(c);
  EXPECT_THAT(result.notes, Contains(HasSubstr("can't be told")));
  EXPECT_EQ(result.regions.at(0).verdict, Verdict::kDoubtful);
  EXPECT_EQ(c.count(kCyst), 0);
}

TEST(EvidenceRule, SaysWhenTheScanIsUnenhanced) {
  CystCase c(57, 5);
  const LesionFilterResult result = filter(c);
  EXPECT_THAT(result.notes, Contains(AllOf(HasSubstr("the liver measures 57 HU"), HasSubstr("unenhanced"))));
  EXPECT_TRUE(result.regions.at(0).has(LesionFlag::kUnenhancedLiver));
  EXPECT_NE(result.regions[0].verdict, Verdict::kCalledTumour) << result.regions[0].reason;
}

TEST(EvidenceRule, CallsNothingOf30HuACystInAnUnenhancedScan) {
  CystCase c(57, 30);
  EXPECT_NE(filter(c).regions.at(0).verdict, Verdict::kCalledCyst);
  EXPECT_EQ(c.count(kCyst), 0);
}

TEST(EvidenceRule, SplitsACystFromATumoursSide) {
  PaintedCase c;
  const Vec3 middle = c.middle_mm();
  const Ball cyst{middle + Vec3{9, 0, 0}, 9}, tumour{middle - Vec3{8, 0, 0}, 10};
  c.add(cyst, 8), c.add(tumour, 75);
  c.add_noise(kNoiseHu);
  PaintedCase truth;
  truth.label(cyst, kCyst), truth.label(tumour, kTumour);
  const std::int64_t voxels = c.count(kTumour);
  const LesionFilterResult result = filter(c);
  ASSERT_EQ(result.regions.size(), 2U);
  const LesionRegion &bright = result.regions[0], &dark = result.regions[1];
  for (const LesionRegion& part : result.regions) {
    EXPECT_EQ(part.component, 1);
    EXPECT_TRUE(part.is_part);
    EXPECT_TRUE(part.has(LesionFlag::kTouching));
  }
  EXPECT_EQ(bright.verdict, Verdict::kCalledTumour) << bright.reason;
  EXPECT_EQ(dark.verdict, Verdict::kCalledCyst) << dark.reason;
  EXPECT_THAT(dark.reason, HasSubstr("at a tumour's side"));
  EXPECT_EQ(bright.voxels + dark.voxels, voxels);
  EXPECT_EQ(c.count(kCyst), dark.voxels);
  EXPECT_EQ(c.count(kTumour), bright.voxels);
  // The tumour that is left against the true one.
  double both = 0, lost = 0;
  for (std::size_t n = 0; n < truth.labels.voxels().size(); ++n) {
    if (truth.labels.voxels()[n] != kTumour) continue;
    ++(c.labels.voxels()[n] == kTumour ? both : lost);
  }
  EXPECT_GT(2 * both / (both + lost + static_cast<double>(c.count(kTumour))), 0.90);
  EXPECT_LT(lost / (both + lost), 0.05);
}

TEST(EvidenceRule, NumbersPartsAfterTheRegionsBeforeThem) {
  PaintedCase c;
  const Vec3 middle = c.middle_mm();
  c.add({middle - Vec3{0, 0, 22}, 4}, 75);  // its first voxel comes before the pair's
  c.add({middle + Vec3{9, 0, 4}, 9}, 8), c.add({middle + Vec3{-8, 0, 4}, 10}, 75);
  c.add_noise(kNoiseHu);
  const LesionFilterResult result = filter(c);
  ASSERT_EQ(result.regions.size(), 3U);
  for (int n = 0; n < 3; ++n) EXPECT_EQ(result.regions[static_cast<std::size_t>(n)].id, n + 1);
  EXPECT_EQ(result.regions[0].component, 1);
  EXPECT_EQ(result.regions[1].component, 2);
  EXPECT_EQ(result.regions[2].component, 2);
  EXPECT_FALSE(result.regions[0].is_part);
}

TEST(EvidenceRule, DoubtsACystBesideATumour) {
  // A gap of 2 mm of liver between the two, which the two labels do not bridge.
  PaintedCase c;
  const Vec3 middle = c.middle_mm();
  c.add({middle + Vec3{11, 0, 0}, 9}, 8), c.add({middle - Vec3{10, 0, 0}, 10}, 75);
  c.add_noise(kNoiseHu);
  const LesionFilterResult result = filter(c);
  ASSERT_EQ(result.regions.size(), 2U);
  const auto near =
      std::find_if(result.regions.begin(), result.regions.end(),
                   [](const LesionRegion& region) { return region.has(LesionFlag::kNearTumour); });
  ASSERT_NE(near, result.regions.end());
  EXPECT_EQ(near->verdict, Verdict::kDoubtful);
  EXPECT_THAT(near->reason, HasSubstr("but a tumour lies within 3 mm: doubtful, stays tumour"));
  EXPECT_EQ(c.count(kCyst), 0);
}

TEST(EvidenceRule, KeepsACoreAtATumoursSideWithARimOnItsFreeSide) {
  // The dark part lies at the side, and 3 mm of tumour go around it.
  PaintedCase c;
  const Vec3 middle = c.middle_mm();
  c.add({middle - Vec3{8, 0, 0}, 12}, 75), c.add({middle + Vec3{9, 0, 0}, 11}, 75);
  c.paint({middle + Vec3{9, 0, 0}, 8}, 15);
  c.add_noise(kNoiseHu);
  filter(c);
  EXPECT_EQ(c.count(kCyst), 0);
}

TEST(EvidenceRule, TakesValuesThatAreNoNumbersBesideTheRegions) {
  CystCase c, spoiled;
  for (std::int64_t n = 0; n < 30; ++n) {
    spoiled.ct[{5 + 2 * n, 3, 18}] = std::numeric_limits<float>::quiet_NaN();
    spoiled.ct[{5 + 2 * n, 60, 18}] = std::numeric_limits<float>::infinity();
  }
  const LesionRegion region = filter(spoiled).regions.at(0);
  EXPECT_EQ(region.verdict, Verdict::kCalledCyst) << region.reason;
  EXPECT_NEAR(region.probability_cyst.value(), filter(c).regions.at(0).probability_cyst.value(), 0.02);
}

TEST(EvidenceRule, KeepsTheCystThresholdThatIsGiven) {
  CystCase c;
  LesionFilterOptions options;
  options.thresholds.cyst_probability = 1;
  const LesionRegion region = filter_lesions(c.ct, c.labels, options).regions.at(0);
  EXPECT_EQ(region.verdict, Verdict::kDoubtful);
  EXPECT_THAT(region.reason, HasSubstr("doubtful, stays tumour"));
}

TEST(EvidenceRule, RefusesACtThatIsNotInHuAndLeavesTheLabels) {
  CystCase c;
  for (float& hu : c.ct.voxels()) hu += 1024;
  const LabelMap before = c.labels;
  for (const LesionRule rule : {LesionRule::kPaper, LesionRule::kEvidence}) {
    EXPECT_THROW(filter(c, rule), Error);
    EXPECT_TRUE(std::equal(before.voxels().begin(), before.voxels().end(), c.labels.voxels().begin()));
  }
}

}  // namespace
}  // namespace hepar
