// SPDX-License-Identifier: Apache-2.0
#include "hepar/phantom/inserted_lesion.h"

#include <gtest/gtest.h>

namespace hepar::phantom {
namespace {

constexpr LiverState kPortal{112}, kNative{58};

// Mean HU along rays, in the inner tenth of the radius or in the outer one.
double mean_hu(const InsertedLesion& lesion, bool inner) {
  Random random(1);
  double sum = 0;
  for (int n = 0; n < 400; ++n) {
    Vec3 way{random.normal(), random.normal(), random.normal()};
    way = (1 / way.norm()) * way;
    const double from = inner ? 0.1 * lesion.radius_mm() * random.uniform() : lesion.surface_mm(way) - 0.2;
    const Vec3 place = lesion.centre_mm + from * way;
    sum += lesion.hu(place, lesion.distance(place)) / 400;
  }
  return sum;
}

TEST(InsertedLesion, CystsAreWateryAndEven) {
  double sum = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const InsertedLesion cyst(LesionKind::kCyst, 20, kPortal, Random(seed));
    const double hu = mean_hu(cyst, true);
    EXPECT_GT(hu, -8);
    EXPECT_LT(hu, 31);
    EXPECT_NEAR(mean_hu(cyst, false), hu, 2);
    EXPECT_EQ(cyst.margin_mm(), 0);
    sum += hu / 200;
  }
  EXPECT_NEAR(sum, 10, 1.5);  // 3 standard errors of 6.5 / sqrt(200)
}

TEST(InsertedLesion, SolidTumoursLieBelowTheLiver) {
  // 112 - 56.9 * (112 - 58.8) / 56.2 = 58.1; the lower clip at 46 of a sd of 17 lifts the mean to 60.4:
  // E max(X, 46) = 58.1 + 17 (phi(z) - z (1 - Phi(z))) with z = 0.714 gives + 2.3.
  double sum = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed)
    sum += mean_hu(InsertedLesion(LesionKind::kTumour, 30, kPortal, Random(seed)), true) / 400;
  EXPECT_NEAR(sum, 60.4, 2.5);
}

TEST(InsertedLesion, HalfEnhancedLiversHaveSomeBrightTumours) {
  int bright = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed)
    bright += mean_hu(InsertedLesion(LesionKind::kTumour, 30, {85}, Random(seed)), true) > 85 + 10;
  EXPECT_NEAR(bright, 50, 25);  // one in eight
}

TEST(InsertedLesion, NecrosisIsWrappedInARimOfAMillimetre) {
  for (const LiverState& liver : {kPortal, kNative})
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
      const InsertedLesion tumour(LesionKind::kNecrotic, 24, liver, Random(seed));
      const double core = mean_hu(tumour, true), rim = mean_hu(tumour, false);
      EXPECT_GT(rim, core + 5) << seed;
      EXPECT_GT(rim, liver.unenhanced() ? 0 : 44) << seed;  // 50 less what texture takes
    }
}

TEST(InsertedLesion, HypodenseTumoursAreEvenAndLow) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    EXPECT_NEAR(mean_hu(InsertedLesion(LesionKind::kHypodense, 30, kPortal, Random(seed)), true), 39, 20);
    EXPECT_LT(mean_hu(InsertedLesion(LesionKind::kHypodense, 30, kNative, Random(seed)), true), 54);
  }
}

TEST(InsertedLesion, CalcificationsAreBright) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    InsertedLesion tumour(LesionKind::kCalcified, 16, kPortal, Random(seed));
    double most = 0;
    for (double x = -8; x <= 8; x += 0.5)
      for (double y = -8; y <= 8; y += 0.5)
        for (double z = -8; z <= 8; z += 0.5) most = std::max(most, tumour.hu({x, y, z}, -1));
    EXPECT_GE(most, 150);
    EXPECT_LE(most, 400);
  }
}

TEST(InsertedLesion, KeepsWithinItsReach) {
  Random random(9);
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    InsertedLesion tumour(LesionKind::kTumour, 30, kPortal, Random(seed));
    tumour.centre_mm = {5, -7, 11};
    EXPECT_LT(tumour.reach_mm(), 15 * (1.2 + 1.5 * 0.14) + 1e-9);
    Vec3 way{random.normal(), random.normal(), random.normal()};
    way = (1 / way.norm()) * way;
    const double surface = tumour.surface_mm(way);
    EXPECT_LE(surface, tumour.reach_mm());
    EXPECT_NEAR(tumour.distance(tumour.centre_mm + surface * way), 0, 1e-6);
    EXPECT_LE(std::abs(tumour.contour_offset({6, -7, 11})), 2.8 + 1e-9);
  }
}

}  // namespace
}  // namespace hepar::phantom
