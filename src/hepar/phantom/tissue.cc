// SPDX-License-Identifier: Apache-2.0
#include "hepar/phantom/tissue.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace hepar::phantom {
namespace {

// Seconds after injection to which the columns of a Curve belong.
constexpr std::array<double, 3> kDelays{38, 70, 240};

struct Curve {
  double native;
  std::array<double, 3> enhanced;  // late arterial, portal venous, delayed
};
constexpr Curve kLiver{57, {75, 112, 95}}, kSpleen{47, {145, 122, 100}}, kAorta{42, {340, 160, 115}},
    kPortalVein{41, {125, 170, 115}}, kHepaticVein{41, {75, 160, 115}}, kCava{41, {60, 125, 115}},
    kCortex{35, {190, 190, 165}}, kMedulla{33, {80, 150, 170}}, kPancreas{40, {105, 92, 75}},
    kMuscle{52, {58, 65, 65}}, kBowelWall{40, {70, 95, 80}};

double enhancement(const Curve& curve, double delay_s) {
  std::size_t n = delay_s < kDelays[1] ? 0 : 1;
  const double t = std::log(delay_s / kDelays[n]) / std::log(kDelays[n + 1] / kDelays[n]);
  return curve.enhanced[n] + std::clamp(t, 0.0, 1.0) * (curve.enhanced[n + 1] - curve.enhanced[n]) -
         curve.native;
}

}  // namespace

Tissues draw_tissues(Random random, std::optional<ContrastPhase> phase) {
  Tissues t;
  // Mostly portal venous, the phase in which liver metastases are planned and read.
  const double kind = random.uniform();
  t.phase = kind < 0.88   ? ContrastPhase::kPortalVenous
            : kind < 0.96 ? ContrastPhase::kDelayed
                          : ContrastPhase::kLateArterial;
  if (phase) t.phase = *phase;
  t.delay_s = t.phase == ContrastPhase::kPortalVenous ? random.uniform(64, 82)
              : t.phase == ContrastPhase::kDelayed    ? random.uniform(170, 240)
                                                      : random.uniform(38, 44);
  const double drawn_dose = random.uniform(0.8, 1.25);
  const double dose = t.phase == ContrastPhase::kUnenhanced ? 0 : drawn_dose;
  const auto draw = [&](const Curve& curve, double native_sd) {
    const double own = std::clamp(random.normal(1, 0.06), 0.85, 1.15);
    return curve.native + std::clamp(random.normal(), -2.0, 2.0) * native_sd +
           enhancement(curve, t.delay_s) * dose * own;
  };
  t.liver = draw(kLiver, 5), t.spleen = draw(kSpleen, 5), t.aorta = draw(kAorta, 4);
  t.portal_vein = draw(kPortalVein, 4), t.hepatic_vein = draw(kHepaticVein, 4), t.cava = draw(kCava, 4);
  t.cortex = draw(kCortex, 4), t.medulla = draw(kMedulla, 4), t.pancreas = draw(kPancreas, 7);
  t.muscle = draw(kMuscle, 6), t.bowel_wall = draw(kBowelWall, 6);
  t.bile = random.uniform(0, 18), t.fat = random.normal(-104, 5), t.visceral_fat = random.normal(-97, 6);
  t.lung = random.uniform(-880, -760), t.trabecular = random.uniform(90, 220);
  t.cortical = random.uniform(600, 1000), t.stomach_fluid = random.uniform(2, 28);
  return t;
}

}  // namespace hepar::phantom
