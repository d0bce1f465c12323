// SPDX-License-Identifier: Apache-2.0
#include "hepar/lesion/calibration.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "hepar/core/error.h"

namespace hepar {
namespace {

// Tumours and cysts with one probability each, to be added to.
class Sample {
 public:
  Sample& tumours(int count, double probability, bool guarded = false) {
    return add(count, {probability, false, guarded});
  }
  Sample& cysts(int count, double probability, bool guarded = false) {
    return add(count, {probability, true, guarded});
  }
  Calibration calibrated(double ceiling = 0.02) const { return calibrate(regions_, ceiling); }
  std::string refusal(double ceiling = 0.02) const {
    try {
      calibrate(regions_, ceiling);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalidInput);
      return error.what();
    }
    return "no error";
  }

 private:
  Sample& add(int count, LabelledRegion region) {
    regions_.insert(regions_.end(), static_cast<std::size_t>(count), region);
    return *this;
  }
  std::vector<LabelledRegion> regions_;
};

TEST(Calibrate, PutsTheThresholdMidwayAboveTheHighestTumour) {
  // 149 tumours without a loss bound the rate by 1 - 0.05^(1/149) = 1.99 %.
  const Calibration result =
      Sample().tumours(148, 0.2).tumours(1, 0.6).cysts(18, 0.9).cysts(2, 0.55).calibrated();
  EXPECT_DOUBLE_EQ(result.thresholds.cyst_probability, 0.75);  // of 0.6 and 0.9
  EXPECT_EQ(result.tumours, 149);
  EXPECT_EQ(result.cysts, 20);
  EXPECT_EQ(result.tumours_dropped, 0);
  EXPECT_EQ(result.cysts_removed, 18);
  EXPECT_NEAR(result.drop_rate_upper_95, 1 - std::pow(0.05, 1.0 / 149), 1e-12);
  EXPECT_NEAR(result.roc.area, (18 * 149 + 2 * 148) / (20.0 * 149), 1e-12);
  EXPECT_LT(result.removed_rate_95.low, 0.9);
  EXPECT_GT(result.removed_rate_95.high, 0.9);
}

TEST(Calibrate, RefusesTooFewTumoursAndSaysHowManyAreNeeded) {
  // 1 - 0.05^(1/148) = 2.004 %.
  EXPECT_EQ(Sample().tumours(148, 0.1).cysts(50, 0.99).refusal(),
            "the sample can't bound the tumour-drop rate below 2 %: with 148 tumours and no loss the bound "
            "is 2.004 %; "
            "at least 149 tumours are needed");
  // 1 - 0.05^(1/10) = 25.9 %; ln 0.05 / ln 0.95 = 58.4.
  EXPECT_EQ(Sample().tumours(10, 0.1).cysts(50, 0.99).refusal(0.05),
            "the sample can't bound the tumour-drop rate below 5 %: with 10 tumours and no loss the bound is "
            "25.89 %; "
            "at least 59 tumours are needed");
}

TEST(Calibrate, AllowsALossWhereTheSampleIsLargeEnough) {
  // One loss of n: (1-p)^n + n p (1-p)^(n-1) = 0.05 at p = 0.02 lies between n = 235 (0.0502) and 236
  // (0.0495).
  const auto threshold = [](int tumours) {
    return Sample().tumours(tumours - 1, 0.3).tumours(1, 0.9).cysts(20, 0.8).calibrated();
  };
  EXPECT_DOUBLE_EQ(threshold(235).thresholds.cyst_probability, 0.95);  // above the tumour: midway to 1
  EXPECT_EQ(threshold(235).cysts_removed, 0);
  EXPECT_DOUBLE_EQ(threshold(236).thresholds.cyst_probability, 0.55);  // between 0.3 and 0.8
  EXPECT_EQ(threshold(236).tumours_dropped, 1);
  EXPECT_EQ(threshold(236).cysts_removed, 20);
}

TEST(Calibrate, StaysBetweenItsBounds) {
  EXPECT_EQ(Sample().tumours(200, 0.1).cysts(20, 0.3).calibrated().thresholds.cyst_probability, 0.5);
  EXPECT_EQ(Sample().tumours(200, 0.9985).cysts(20, 1).calibrated().thresholds.cyst_probability, 0.999);
}

TEST(Calibrate, RefusesWhenEvenTheHighestThresholdDropsTooMany) {
  // 3 of 200: the bound is the p at which P(<= 3 of 200) is 5 %, 3.831 %.
  const std::string text = Sample().tumours(197, 0.1).tumours(3, 0.9995).cysts(20, 0.9).refusal();
  EXPECT_NE(
      text.find("even the highest threshold, 0.999, drops 3 of 200 tumours, which makes the bound 3.831 %"),
      std::string::npos)
      << text;
}

TEST(Calibrate, NeverDropsAGuardedRegion) {
  const Calibration result =
      Sample().tumours(200, 0.99, true).cysts(10, 0.9).cysts(10, 0.9, true).calibrated();
  EXPECT_EQ(result.thresholds.cyst_probability, 0.5);  // midway from 0 to 0.9 is less
  EXPECT_EQ(result.tumours_dropped, 0);
  EXPECT_EQ(result.cysts_removed, 10);
  EXPECT_DOUBLE_EQ(result.roc.area, 0.75);  // half of the cysts tie with all tumours at 0
}

TEST(Calibrate, CallsAtMostOneCystInTwentyTumour) {
  const auto tumour_threshold = [](const Sample& sample) {
    return sample.calibrated().thresholds.tumour_probability;
  };
  Sample base;
  base.tumours(149, 0.01);
  EXPECT_EQ(tumour_threshold(Sample(base).cysts(1, 0.1).cysts(18, 0.4)), 0.1);  // 1 of 19 is more
  EXPECT_EQ(tumour_threshold(Sample(base).cysts(1, 0.1).cysts(19, 0.4)), 0.4);
  EXPECT_EQ(tumour_threshold(Sample(base).cysts(2, 0.1).cysts(18, 0.4)), 0.1);
  EXPECT_EQ(tumour_threshold(Sample(base).cysts(20, 0.9)), 0.5);
  EXPECT_EQ(tumour_threshold(Sample(base).cysts(20, 0.4, true)), 0.4);  // by the probability, not the guard
}

TEST(Calibrate, RefusesASampleOfOneKind) {
  EXPECT_EQ(Sample().tumours(200, 0.1).refusal(),
            "the sample has 200 tumours and 0 cysts; a calibration needs both");
  EXPECT_EQ(Sample().cysts(7, 0.1).refusal(),
            "the sample has 0 tumours and 7 cysts; a calibration needs both");
  EXPECT_EQ(Sample().refusal(), "the sample has 0 tumours and 0 cysts; a calibration needs both");
}

TEST(Calibrate, RefusesWhatIsNoProbability) {
  for (const double value : {-0.1, 1.1, std::nan("")}) {
    EXPECT_NE(Sample().tumours(200, 0.1).cysts(1, value).refusal().find("probability"), std::string::npos);
  }
  EXPECT_NE(Sample().tumours(200, 0.1).cysts(9, 0.9).refusal(0).find("ceiling"), std::string::npos);
}

}  // namespace
}  // namespace hepar
