// SPDX-License-Identifier: Apache-2.0
#include "hepar/lesion/gaussian_pair.h"

#include <gtest/gtest.h>

#include <vector>

#include "hepar/core/random.h"

namespace hepar {
namespace {

std::vector<float> draw(int count, double share, double low_hu, double high_hu, double sd_hu) {
  Random random(11);
  std::vector<float> values;
  for (int n = 0; n < count; ++n) {
    const double mean_hu = random.chance(share) ? low_hu : high_hu;
    values.push_back(static_cast<float>(random.normal(mean_hu, sd_hu)));
  }
  return values;
}

TEST(GaussianPair, FindsTheTwoTissuesOfTheirMixture) {
  // Means 4 SDs apart; the standard error of a mean of 1200 voxels of SD 15 is 0.43 HU.
  const auto pair = fit_gaussian_pair(draw(4000, 0.3, 15, 75, 15), 1).value();
  EXPECT_NEAR(pair.low_mean_hu, 15, 2);
  EXPECT_NEAR(pair.high_mean_hu, 75, 2);
  EXPECT_NEAR(pair.low_share, 0.3, 0.03);
  EXPECT_NEAR(pair.low_std_hu, 15, 1.5);
  EXPECT_NEAR(pair.high_std_hu, 15, 1.5);
  EXPECT_GT(pair.bic_gain, 100);
}

TEST(GaussianPair, SpeaksForOneTissueWhereThereIsOne) {
  // Three more parameters cost 3 ln 4000 = 24.9; fitting noise with them wins about 3.
  EXPECT_LT(fit_gaussian_pair(draw(4000, 1, 15, 0, 20), 1).value().bic_gain, 0);
}

TEST(GaussianPair, CountsCorrelatedVoxelsAsFewerSamples) {
  const auto values = draw(4000, 0.5, 30, 60, 15);
  const double single = fit_gaussian_pair(values, 1).value().bic_gain;
  EXPECT_LT(fit_gaussian_pair(values, 100).value().bic_gain, single);
}

TEST(GaussianPair, NeedsValuesThatDiffer) {
  EXPECT_FALSE(fit_gaussian_pair(draw(19, 0.5, 0, 100, 10), 1));
  EXPECT_FALSE(fit_gaussian_pair(std::vector<float>(100, 17.0F), 1));
  EXPECT_FALSE(fit_gaussian_pair(std::vector<float>(100, -3024.0F), 1));
  EXPECT_FALSE(fit_gaussian_pair({}, 1));
}

}  // namespace
}  // namespace hepar
