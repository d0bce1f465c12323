// SPDX-License-Identifier: Apache-2.0
#include "hepar/lesion/cyst_model.h"

#include <gmock/gmock.h>

#include <cmath>

#include "hepar/lesion/test_case.h"

namespace hepar {
namespace {

using testing::HasSubstr;
using testing_case::liver_of;

// A region of 20 mm whose interior is known to 1 HU, with a sharp border where the contour lies and nothing
// but noise inside.
RegionEvidence clean(double core_hu) {
  RegionEvidence evidence;
  evidence.diameter_mm = 20;
  evidence.roundness = 1;
  evidence.interior_voxels = 1000;
  evidence.interior_mean_hu = core_hu, evidence.interior_std_hu = 15, evidence.interior_error_hu = 1;
  evidence.edge = EdgeFit{core_hu, 110, 0, 0.6, 0.75, 0.05};
  evidence.rim_excess_hu = 0;
  evidence.unevenness = 0.8;
  return evidence;
}

double probability(const RegionEvidence& evidence, double liver_hu = 110) {
  return weigh_evidence(evidence, liver_of(liver_hu, 15)).probability();
}

TEST(WeighEvidence, TellsACystFromATumour) {
  EXPECT_GT(probability(clean(10)), 0.95);
  EXPECT_LT(probability(clean(75)), 0.01);
  EXPECT_LT(probability(clean(45)), 0.2);
}

TEST(WeighEvidence, FallsWithTheCoresHu) {
  for (double core_hu = 10; core_hu < 60; core_hu += 5) {
    EXPECT_GT(probability(clean(core_hu)), probability(clean(core_hu + 5))) << core_hu;
  }
}

TEST(WeighEvidence, FallsWithEachSignOfNecrosis) {
  const LiverReference liver = liver_of(110, 15);
  const double sharp = weigh_evidence(clean(22), liver).log_odds();
  RegionEvidence inside = clean(22), blurred = clean(22), uneven = clean(22);
  inside.edge->offset_mm = 1.5, blurred.edge->width_mm = 2, uneven.unevenness = 3;
  for (const RegionEvidence& evidence : {inside, blurred, uneven})
    EXPECT_LT(weigh_evidence(evidence, liver).log_odds(), sharp - 0.3);
}

TEST(WeighEvidence, SaysLessOfAnUncertainCore) {
  RegionEvidence uncertain = clean(10);
  uncertain.interior_error_hu = 25;
  EXPECT_LT(probability(uncertain), probability(clean(10)));
}

TEST(WeighEvidence, IsLessSureWithoutContrast) {
  // Unenhanced tumours lie 15 HU below a liver of 57, nearer to cysts.
  EXPECT_LT(probability(clean(20), 57), probability(clean(20), 110));
}

TEST(WeighEvidence, AddsUpToTheLogarithmOfTheOdds) {
  const CystOdds odds = weigh_evidence(clean(15), liver_of(110, 15));
  EXPECT_NEAR(odds.log_odds(), odds.prior + odds.attenuation + odds.edge + odds.evenness, 1e-12);
  const double p = odds.probability();
  EXPECT_NEAR(std::log(p / (1 - p)), odds.log_odds(), 1e-6);
  EXPECT_LT(odds.prior, 0);  // tumours are more common among regions labelled tumour
}

TEST(WeighEvidence, LeavesThePriorWhereNothingWasMeasured) {
  const CystOdds nothing = weigh_evidence(RegionEvidence{}, liver_of(110, 15));
  EXPECT_EQ(nothing.log_odds(), nothing.prior);
  EXPECT_EQ(weigh_evidence(clean(10), LiverReference{}).log_odds(), nothing.prior);
  RegionEvidence core_only = clean(10);
  core_only.edge.reset(), core_only.unevenness.reset();
  const CystOdds odds = weigh_evidence(core_only, liver_of(110, 15));
  EXPECT_EQ(odds.edge, 0);
  EXPECT_EQ(odds.evenness, 0);
  EXPECT_GT(odds.attenuation, 0);
}

TEST(WeighEvidence, StaysFiniteAtTheExtremes) {
  for (const double core_hu : {-5000.0, 20000.0}) {
    for (const double liver_hu : {-900.0, 0.0, 3000.0}) {
      EXPECT_TRUE(std::isfinite(weigh_evidence(clean(core_hu), liver_of(liver_hu, 0)).log_odds()));
      EXPECT_GE(probability(clean(core_hu), liver_hu), 0);
      EXPECT_LE(probability(clean(core_hu), liver_hu), 1);
    }
  }
}

TEST(ExcessWidth, TakesOffPointSpreadAndPixel) {
  // 1.3^2 - 0.5^2 - 0.6^2 / 12 * 12 with a pixel of 0.6 sqrt(12) mm: 1.69 - 0.25 - 0.36 = 1.08.
  const EdgeFit edge{.width_mm = 1.3, .pixel_mm = 0.6 * std::sqrt(12)};
  EXPECT_NEAR(excess_width_mm(edge, 0.5), std::sqrt(1.08), 1e-12);
  EXPECT_EQ(excess_width_mm(edge, 2), 0);
}

TEST(TooSmall, IsByDiameterAndSlice) {
  RegionEvidence evidence;
  evidence.diameter_mm = 6.9;
  EXPECT_TRUE(too_small(evidence, 1));
  evidence.diameter_mm = 7.5;
  EXPECT_FALSE(too_small(evidence, 1));
  EXPECT_TRUE(too_small(evidence, 5));  // 1.6 slices are 8 mm
}

TEST(ShowsRim, ByADeepStepABlurOrABrightShell) {
  const LiverReference liver = liver_of(110, 15);
  EXPECT_FALSE(shows_rim(clean(15), liver));
  RegionEvidence deep = clean(15), blurred = clean(15), bright = clean(15), shell = clean(15),
                 none = clean(15);
  deep.edge->offset_mm = 4, blurred.edge->width_mm = 5, bright.edge->surroundings_hu = 170;
  shell.rim_excess_hu = 60;
  none.edge.reset();
  for (const RegionEvidence& evidence : {deep, blurred, bright, shell})
    EXPECT_TRUE(shows_rim(evidence, liver));
  EXPECT_FALSE(shows_rim(none, liver));
  EXPECT_THAT(rim_words(deep, liver), HasSubstr("its dark part ends 4.0 mm inside the contour"));
  EXPECT_THAT(rim_words(blurred, liver), HasSubstr("a blurred border (5.0 mm)"));
  EXPECT_THAT(rim_words(bright, liver), HasSubstr("a rim 60 HU brighter than the liver"));
  EXPECT_EQ(rim_excess_hu(shell, liver), 60);
  EXPECT_EQ(rim_excess_hu(none, liver), 0);
}

TEST(IsUneven, NeedsFarMoreThanNoise) {
  RegionEvidence evidence;
  EXPECT_FALSE(is_uneven(evidence));
  evidence.unevenness = 1;
  EXPECT_FALSE(is_uneven(evidence));
  evidence.unevenness = 5;
  EXPECT_TRUE(is_uneven(evidence));
}

TEST(CoreCeiling, IsLowerBesideUnenhancedLiver) {
  EXPECT_LT(core_ceiling_hu(liver_of(57, 15)), core_ceiling_hu(liver_of(110, 15)));
  EXPECT_LE(core_ceiling_hu(liver_of(110, 15)), 30);
}

}  // namespace
}  // namespace hepar
