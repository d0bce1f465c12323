// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "hepar/phantom/anatomy.h"

namespace hepar::phantom {

struct LiverVessels {
  std::vector<Capsule> portal, hepatic;
};

// Two trees that reach the whole liver: every end point joins the nearest branch, in the order of the
// distance from the root, and radii follow Murray's law r^2.7 = sum of the branches' r^2.7 (Schwen &
// Preusser, Int. J. Numer. Meth. Biomed. Eng. 28, 2012). Roots: portal vein 13 - 17 mm wide (Stamm), three
// hepatic veins of 7 - 10 mm.
LiverVessels grow_vessels(Random random, const Anatomy& anatomy, int end_points);

}  // namespace hepar::phantom
