// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "hepar/phantom/lesions.h"

namespace hepar::phantom {

// What the drawing of HU depends on.
struct LiverState {
  double liver_hu = 110;
  // Native livers have 58.8 +- 10.8 HU (Boyce et al., AJR 194:623, 2010); enhanced ones have 95 and more.
  bool unenhanced() const { return liver_hu <= 75; }
};

// A lesion in the scan's own frame (SliceFrame): an ellipsoid with lumps.
class InsertedLesion {
 public:
  // Draws HU, texture and shape for a diameter of `diameter_mm`; `centre_mm` may be set later.
  InsertedLesion(LesionKind kind, double diameter_mm, const LiverState& liver, Random random);

  LesionKind kind() const { return kind_; }
  bool is_cyst() const { return kind_ == LesionKind::kCyst; }
  double radius_mm() const { return radius_mm_; }
  double reach_mm() const { return reach_mm_; }    // no part is farther from the centre
  double margin_mm() const { return margin_mm_; }  // so much wider than a pixel the border is
  Vec3 centre_mm;

  // Negative inside, near the surface about the distance in mm.
  double distance(Vec3 place_mm) const;
  // HU of the lesion's own tissue, `distance_mm` as above.
  double hu(Vec3 place_mm, double distance_mm) const;
  // Distance of the surface from the centre along a unit vector.
  double surface_mm(Vec3 way) const;
  // By how much a contour drawn with errors of unit SD is off here; about -2 to 2.
  double contour_offset(Vec3 place_mm) const;

 private:
  struct Speck {
    Vec3 from_centre_mm;
    double radius_mm, hu;
  };
  void draw_hu(const LiverState& liver, Random random);
  void draw_core(const LiverState& liver, Random random);
  void draw_specks(Random random);
  double distance_from_centre(Vec3 from) const;

  LesionKind kind_;
  double radius_mm_, reach_mm_ = 0, margin_mm_ = 0, lumpiness_ = 0;
  double value_hu_ = 0, texture_sd_hu_ = 0;  // of the rim where there is a core
  double core_hu_ = 0, rim_mm_ = 0;
  Vec3 core_shift_mm_;
  double contour_shift_ = 0;  // share of the contour's error that is the same all around
  std::vector<Speck> specks_;
  Ellipsoid shape_;  // about the origin
  NoiseField lumps_, contour_lumps_, texture_;
};

}  // namespace hepar::phantom
