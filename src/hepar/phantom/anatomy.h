// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <vector>

#include "hepar/phantom/noise_field.h"
#include "hepar/phantom/shapes.h"

namespace hepar::phantom {

// A place as the torso sees it; distances in mm, negative inside.
struct TorsoDistances {
  double skin;       // outer surface of the body
  double fascia;     // outer surface of the muscle wall: below it lies no subcutaneous fat
  double cavity;     // inner surface of the wall of chest and abdomen
  double diaphragm;  // lower surface of the diaphragm: negative in the abdominal cavity
};

// The shape of one patient's organs. Frame: patient mm, x to the left, y to the back, z to the head, the
// origin in the middle of the body at the height of the right dome of the diaphragm. All shapes are seen
// through one smooth displacement (`warped`), so that neighbours deform together.
class Anatomy {
 public:
  explicit Anatomy(Random random);

  Vec3 warped(Vec3 p) const;
  TorsoDistances torso(Vec3 warped_p) const;
  // The liver, whole: with vessels and lesions, without gallbladder, vena cava and fissure.
  double liver(Vec3 warped_p, const TorsoDistances& torso) const;
  double liver_at(Vec3 p) const;
  double spleen(Vec3 warped_p, const TorsoDistances& torso) const;
  double cava(Vec3 warped_p) const;
  double vertebra(Vec3 warped_p) const;  // body and intervertebral disc
  // Slow surface roughness of unit sd, 10 - 60 mm.
  double roughness(Vec3 p) const { return roughness_(p); }
  // 1 in an intervertebral disc, 0 in the vertebra.
  bool in_disc(double z) const;

  double half_width = 170, half_depth = 115;  // of the body
  Vec3 scale;                                 // of everything inside, against the reference man
  double spine_y = 48;                        // middle of the vertebral bodies
  Ellipsoid heart, stomach, gallbladder;
  std::array<Ellipsoid, 2> kidneys;  // right, left
  std::vector<Capsule> aorta, pancreas, antrum, small_bowel, colon, psoas, mesentery, portal_trunk;
  Vec3 porta;          // where the portal vein enters the liver
  Vec3 vein_junction;  // where the hepatic veins join the vena cava
  double liver_low_z = -170;
  struct LiverPlace {
    Vec3 place;
    double distance;
  };
  std::vector<LiverPlace> liver_places;  // a lattice of places within the liver

 private:
  Vec3 scaled(Vec3 unit) const { return {unit.x * scale.x, unit.y * scale.y, unit.z * scale.z}; }
  void draw_torso(Random random);
  void draw_organs(Random random);
  void draw_tubes(Random random);
  void draw_bowel(Random random);
  void fit_liver(Random random);
  double liver_underside(double x, double y) const;  // z without the fitted offset

  double fat_side_ = 15, fat_front_ = 15, fat_back_ = 20, wall_ = 12;
  double cavity_x_ = 133, cavity_y_ = 81, cavity_mid_y_ = -9;
  double dome_height_ = 115, left_dome_ = 0.9, heart_dent_ = 0.1;
  double disc_phase_ = 0;
  double fissure_x_ = 8, fissure_width_ = 2, left_limit_ = 95, slope_ = 0.55, liver_offset_ = 0;
  double posterior_limit_ = -13;
  double liver_gap_ = 1;  // between liver and diaphragm
  Ellipsoid spleen_;
  std::vector<Capsule> cava_;
  NoiseField warp_x_, warp_y_, warp_z_, roughness_;
};

}  // namespace hepar::phantom
