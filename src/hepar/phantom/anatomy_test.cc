// SPDX-License-Identifier: Apache-2.0
#include "hepar/phantom/anatomy.h"

#include <gtest/gtest.h>

#include "hepar/phantom/tissue.h"
#include "hepar/phantom/vessels.h"

namespace hepar::phantom {
namespace {

TEST(Ellipsoid, MeasuresASphereExactly) {
  // On a sphere of radius 5 the first-order distance r/5 (r/5 - 1) / (r/25) is r - 5.
  const Ellipsoid sphere{{1, 2, 3}, {5, 5, 5}};
  EXPECT_NEAR(sphere.distance({8, 2, 3}), 2, 1e-12);
  EXPECT_NEAR(sphere.distance({1, 2, 0}), -2, 1e-12);
  EXPECT_EQ(sphere.distance({1, 2, 3}), -5);
}

TEST(Ellipsoid, TurnsWithItsRotation) {
  const Ellipsoid turned{{0, 0, 0}, {10, 2, 2}, plane_rotation(0, 1, 3.14159265358979323846 / 2)};
  EXPECT_LT(turned.distance({0, 8, 0}), 0);  // the long axis lies along y now
  EXPECT_GT(turned.distance({8, 0, 0}), 0);
}

TEST(Capsule, MeasuresItsSideAndItsEnds) {
  const Capsule tube{{0, 0, 0}, {10, 0, 0}, 2, 2};
  EXPECT_DOUBLE_EQ(tube.distance({5, 3, 0}), 1);
  EXPECT_DOUBLE_EQ(tube.distance({14, 0, 0}), 2);
  EXPECT_EQ(tube.bounds(1).low, (Vec3{-3, -3, -3}));
  EXPECT_EQ(tube.bounds(1).high, (Vec3{13, 3, 3}));
}

TEST(SmoothMax, IsTheMaximumAwayFromTheEdgeAndRaisedOnIt) {
  EXPECT_DOUBLE_EQ(smooth_max(1, 9, 4), 9);
  EXPECT_DOUBLE_EQ(smooth_max(3, 3, 4), 4);  // k / 4 above
}

TEST(Tissues, KeepTheOrderOfThePhase) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const Tissues t = draw_tissues(Random(seed));
    EXPECT_LT(t.bile, t.liver - 30);
    EXPECT_LT(t.visceral_fat, t.bile);
    EXPECT_GE(t.liver, 60);
    EXPECT_LE(t.liver, 150);
    if (t.phase == ContrastPhase::kPortalVenous) {
      EXPECT_GT(t.portal_vein, t.liver);
      EXPECT_GT(t.cortex, t.liver);
    }
    if (t.phase == ContrastPhase::kLateArterial) {
      EXPECT_GT(t.aorta, t.portal_vein);
    }
  }
}

TEST(Anatomy, PutsTheOrgansWhereTheyBelong) {
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    const Anatomy body{Random(seed)};
    double ml = 0, x = 0, on_right = 0;
    for (const auto& at : body.liver_places) {
      EXPECT_LT(at.distance, 0);
      EXPECT_LT(body.torso(body.warped(at.place)).diaphragm, 0) << "no liver above the diaphragm";
      EXPECT_GT(body.gallbladder.distance(body.warped(at.place)), -1.0);
      ml += 6.5 * 6.5 * 6.5 / 1000, x += at.place.x;
      on_right += at.place.x < 0 ? 1 : 0;
    }
    // Living adults: 825 - 1700 mL in healthy donors, up to 3500 in disease (synthetic-training notes, 6).
    EXPECT_GT(ml, 850);
    EXPECT_LT(ml, 2600);
    const auto count = static_cast<double>(body.liver_places.size());
    EXPECT_LT(x / count, -20) << "the liver lies on the right";
    EXPECT_GT(on_right / count, 0.6);
    const TorsoDistances middle = body.torso({0, 0, -150});
    EXPECT_LT(middle.skin, middle.fascia);
    EXPECT_LT(middle.fascia, middle.cavity);
    const Vec3 left{96 * body.scale.x, 20 * body.scale.y, -80 * body.scale.z};
    EXPECT_LT(body.spleen(left, body.torso(left)), 0);
    EXPECT_GT(body.liver(left, body.torso(left)), 0);
  }
}

TEST(Vessels, ReachTheLiverAndThinOutFromTheirRoots) {
  const Anatomy body{Random(4)};
  const LiverVessels vessels = grow_vessels(Random(5), body, 80);
  for (const auto* tree : {&vessels.portal, &vessels.hepatic}) {
    ASSERT_GT(tree->size(), 80U);
    for (const Capsule& tube : *tree) {
      EXPECT_GT(tube.radius_a, 0);
      EXPECT_LE(tube.radius_a, 8.5);
    }
  }
  EXPECT_EQ(vessels.portal.front().a, body.porta);
  // 80 end points: the last twigs carry one of them, 80^(-1/2.7) = 0.197 of a trunk of 6.5 to 8.5 mm.
  double thinnest = 1e9;
  for (const Capsule& tube : vessels.portal) thinnest = std::min(thinnest, tube.radius_a);
  EXPECT_GT(thinnest, 0.19 * 6.5);
  EXPECT_LT(thinnest, 0.2 * 8.5);
}

}  // namespace
}  // namespace hepar::phantom
