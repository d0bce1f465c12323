// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hepar/phantom/painter.h"

namespace hepar::phantom {

// HU of the body before its organs are put in: skin, fat, muscle, ribs, spine, lungs, fat of the abdomen.
// Borders are softened over `pixel_mm`.
double torso_hu(const Patient& patient, Vec3 warped_p, const TorsoDistances& torso, double pixel_mm);

// Signed distance to the shell of the couch below the patient.
double couch_distance(const Patient& patient, Vec3 p);

}  // namespace hepar::phantom
