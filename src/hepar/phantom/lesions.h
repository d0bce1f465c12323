// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "hepar/phantom/anatomy.h"
#include "hepar/phantom/phantom.h"
#include "hepar/phantom/tissue.h"

namespace hepar::phantom {

enum class LesionKind { kTumour, kNecrotic, kHypodense, kCalcified, kCyst };
const char* lesion_kind_name(LesionKind kind);

// One lesion before it is voxelised: an ellipsoid with lumps.
struct Lesion {
  LesionKind kind = LesionKind::kTumour;
  Ellipsoid shape;
  double radius_mm = 0;
  double lumpiness = 0.1;  // sd of the surface's radius / radius_mm
  Vec3 noise_origin;       // where the lumps are looked up
  double value_hu = 90;    // of the rim where there is a core
  double core_hu = 0, rim_mm = 0;
  double texture_sd_hu = 4;
  double speck_hu = 0;  // of calcifications

  bool is_cyst() const { return kind == LesionKind::kCyst; }
  double distance(Vec3 p, const Anatomy& anatomy) const;
  // HU of the lesion's own tissue at p, `distance` mm from its surface.
  double hu(Vec3 p, double distance, const NoiseField& texture) const;
};

// Draws the case's lesions and puts them into the liver, the largest first; about a third lie under the
// capsule and are cut by it. Lesions keep `gap_mm` between them, but for the cyst that is set against a
// tumour in one case of five. Sizes, shares and HU: module README.
std::vector<Lesion> draw_lesions(Random random, const Anatomy& anatomy, const Tissues& tissues,
                                 const PhantomOptions& options, double gap_mm);

}  // namespace hepar::phantom
