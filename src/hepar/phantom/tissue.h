// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "hepar/core/random.h"
#include "hepar/phantom/phantom.h"

namespace hepar::phantom {

// Mean HU of one patient's tissues, all derived from one delay and one iodine dose so that they stay
// consistent with each other.
struct Tissues {
  ContrastPhase phase = ContrastPhase::kPortalVenous;
  double delay_s = 70;
  double liver = 0, spleen = 0, aorta = 0, portal_vein = 0, hepatic_vein = 0, cava = 0;
  double cortex = 0, medulla = 0, pancreas = 0, muscle = 0, bowel_wall = 0;
  double bile = 8, fat = -104, visceral_fat = -95, lung = -830, trabecular = 150, cortical = 900;
  double stomach_fluid = 12;
};

// Means by tissue and phase: native values and enhancement of healthy adults as collected in the module's
// README; enhancement is scaled by the dose and interpolated in log(delay), 0 in an unenhanced scan. Without
// `phase` one of the enhanced phases is drawn.
Tissues draw_tissues(Random random, std::optional<ContrastPhase> phase = {});

}  // namespace hepar::phantom
