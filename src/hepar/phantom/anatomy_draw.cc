// SPDX-License-Identifier: Apache-2.0
#include "hepar/phantom/anatomy.h"

namespace hepar::phantom {
namespace {

constexpr double kLatticeMm = 6.5;
constexpr double kPi = 3.14159265358979323846;

std::vector<Capsule> polyline(const std::vector<Vec3>& points, double first_radius, double last_radius) {
  std::vector<Capsule> tubes;
  const double n = static_cast<double>(points.size() - 1);
  for (std::size_t k = 0; k + 1 < points.size(); ++k) {
    const double a = static_cast<double>(k) / n, b = static_cast<double>(k + 1) / n;
    tubes.push_back({points[k], points[k + 1], first_radius + a * (last_radius - first_radius),
                     first_radius + b * (last_radius - first_radius)});
  }
  return tubes;
}

}  // namespace

void Anatomy::draw_torso(Random random) {
  half_width = std::clamp(random.normal(168, 15), 140.0, 198.0);
  half_depth = half_width * random.uniform(0.64, 0.76);
  // Wider people carry most of the difference as fat.
  const double girth = (half_width - 140) / 58;
  fat_side_ = random.uniform(8, 13);
  fat_side_ += 18 * girth * random.uniform(0.6, 1.4);
  fat_front_ = fat_side_ * random.uniform(0.6, 1.1);
  fat_back_ = fat_side_ * random.uniform(0.9, 1.3);
  wall_ = random.uniform(9, 14);
  cavity_x_ = half_width - fat_side_ - wall_;
  const double front = half_depth - fat_front_ - wall_,
               back = half_depth - fat_back_ - random.uniform(24, 32);
  cavity_y_ = (front + back) / 2, cavity_mid_y_ = (back - front) / 2;
  scale = {cavity_x_ / 133, cavity_y_ / 81, random.uniform(0.9, 1.12)};
  spine_y = back - 25 * scale.y;
  dome_height_ = 115 * scale.z * random.uniform(0.9, 1.1);
  left_dome_ = random.uniform(0.82, 0.95), heart_dent_ = random.uniform(0.06, 0.16);
  disc_phase_ = random.uniform(0, 40);
}

void Anatomy::draw_organs(Random random) {
  const auto vary = [&](Vec3 v, double sd) {
    return v + Vec3{random.normal(0, sd), random.normal(0, sd), random.normal(0, sd)};
  };
  const auto sized = [&](Vec3 radii, double low, double high) {
    const double f = random.uniform(low, high);
    return f * Vec3{radii.x * scale.x * random.uniform(0.92, 1.08), radii.y * scale.y, radii.z * scale.z};
  };
  const double back = (spine_y / scale.y);  // in units of the reference man, where it is 47
  heart = {scaled(vary({22, -32, 30}, 4)), sized({58, 48, 42}, 0.9, 1.1), plane_rotation(0, 1, 0.4)};
  stomach = {scaled(vary({58, -8, -42}, 6)), sized({42, 40, 46}, 0.75, 1.1),
             plane_rotation(0, 2, random.uniform(-0.5, 0))};
  spleen_ = {scaled(vary({102, 32, -60}, 5)), sized({33, 43, 55}, 0.8, 1.2),
             plane_rotation(1, 2, random.uniform(-0.4, 0.2))};
  kidneys[0] = {scaled(vary({-60, back + 2, -138}, 4)), sized({27, 25, 54}, 0.88, 1.1),
                plane_rotation(0, 2, random.uniform(0.1, 0.3))};
  kidneys[1] = {scaled(vary({62, back + 2, -122}, 4)), sized({27, 25, 54}, 0.88, 1.1),
                plane_rotation(0, 2, -random.uniform(0.1, 0.3))};
  fissure_x_ = random.uniform(0, 18), fissure_width_ = random.uniform(0.5, 4);
  left_limit_ = random.uniform(60, 105), slope_ = random.uniform(0.45, 0.65);
  posterior_limit_ = random.uniform(-25, 0);
  liver_gap_ = random.uniform(0, 2);
}

void Anatomy::draw_tubes(Random random) {
  const double front = spine_y / scale.y - 17;  // of the spine
  const double r_aorta = random.uniform(9.5, 12.5), r_cava = random.uniform(9, 12);
  const double sway = random.uniform(4, 14);
  aorta = polyline({scaled({sway + 6, front - 6, 90}), scaled({sway + 4, front - 8, 0}),
                    scaled({sway, front - 13, -100}), scaled({sway - 4, front - 14, -320})},
                   r_aorta * 1.1, r_aorta * 0.85);
  cava_ =
      polyline({scaled({-18, front - 26, 40}), scaled({-20, front - 24, -15}), scaled({-23, front - 18, -80}),
                scaled({-20, front - 11, -140}), scaled({-17, front - 10, -320})},
               r_cava * 1.15, r_cava * 0.9);
  vein_junction = scaled({-21, front - 28, -22});
  porta = scaled({-24, 2, random.uniform(-82, -74)});
  portal_trunk = polyline({scaled({4, 4, -122}), scaled({-6, 6, -104}), porta}, 6.5, 7);
  const double tail = random.uniform(-84, -68);
  const double head_radius = random.uniform(12, 15), tail_radius = random.uniform(8, 10);
  pancreas = polyline({scaled({-32, 4, -132}), scaled({-22, 0, -114}), scaled({2, -12, -106}),
                       scaled({36, 2, -98}), scaled({70, 22, tail})},
                      head_radius, tail_radius);
  const double antrum_radius = random.uniform(18, 24), pylorus_radius = random.uniform(10, 13);
  antrum = polyline({stomach.centre + scaled({-14, -14, -22}), scaled({30, -44, -104}),
                     scaled({-6, -42, -112}), scaled({-26, -24, -112})},
                    antrum_radius, pylorus_radius);
  for (const double side : {-1.0, 1.0})
    psoas.push_back({scaled({side * 30, spine_y / scale.y + 2, -130}),
                     scaled({side * 46, spine_y / scale.y - 6, -310}), 6, 22});
}

void Anatomy::draw_bowel(Random random) {
  const double hang = random.uniform(-180, -140);
  const double caliber = random.uniform(15, 24);
  colon = polyline(
      {scaled({-98, 22, -310}), scaled({-98, 18, -215}), scaled({-86, -10, std::min(-160.0, hang + 10)}),
       scaled({-40, -52, hang - 10}), scaled({40, -54, hang - 12}), scaled({88, -20, -118}),
       scaled({104, 24, -122}), scaled({104, 28, -310})},
      caliber, caliber * 0.8);
  for (int tries = 0; tries < 900 && small_bowel.size() < 110; ++tries) {
    const Vec3 a = scaled({random.uniform(-105, 105), random.uniform(-80, 30), random.uniform(-300, -100)});
    const double angle = random.uniform(0, 2 * kPi), length = random.uniform(15, 45);
    const Vec3 b =
        a + Vec3{length * std::cos(angle), length * 0.7 * std::sin(angle), random.uniform(-14, 14)};
    const double radius = random.uniform(8, 14);
    if (torso(a).diaphragm > -radius - 4 || torso(b).diaphragm > -radius - 4) continue;
    if (liver_at(a) < radius || liver_at(b) < radius) continue;
    small_bowel.push_back({a, b, radius, radius});
  }
  for (int n = 0; n < 60; ++n) {
    const Vec3 a = scaled({random.uniform(-90, 90), random.uniform(-70, 30), random.uniform(-300, -70)});
    const Vec3 b = a + Vec3{random.uniform(-25, 25), random.uniform(-25, 25), random.uniform(-30, 30)};
    mesentery.push_back({a, b, random.uniform(1, 3), random.uniform(1, 2.5)});
  }
}

void Anatomy::fit_liver(Random random) {
  const double target_ml =
      std::clamp(random.normal(1480, 280), 1000.0, 2100.0) * std::cbrt(scale.x * scale.y * scale.z);
  // The gallbladder first lies below everything, so that it does not carve the liver that it is put under.
  gallbladder = {{0, 0, -400}, {1, 1, 1}};
  const double gall_length = random.uniform(24, 40), gall_width = random.uniform(11, 18);
  const Vec3 gall_at{random.uniform(-48, -36) * scale.x, random.uniform(-48, -36) * scale.y, 0};
  const double tilt = random.uniform(0.3, 0.8);
  std::vector<Vec3> places;
  for (double z = -260; z < 10; z += kLatticeMm)
    for (double y = -110; y < 110; y += kLatticeMm)
      for (double x = -150; x < 130; x += kLatticeMm) {
        const Vec3 w = warped({x, y, z});
        if (torso(w).diaphragm < 4) places.push_back({x, y, z});
      }
  const double place_ml = kLatticeMm * kLatticeMm * kLatticeMm / 1000;
  double low = -60, high = 70;
  for (int step = 0; step < 8; ++step) {
    liver_offset_ = (low + high) / 2;
    double ml = 0;
    for (const Vec3& p : places) ml += liver_at(p) < 0 ? place_ml : 0;
    (ml > target_ml ? low : high) = liver_offset_;
  }
  const double gall_z = liver_underside(gall_at.x, gall_at.y) + liver_offset_ - 0.3 * gall_width;
  gallbladder = {
      {gall_at.x, gall_at.y, gall_z}, {gall_width, gall_length, gall_width}, plane_rotation(1, 2, tilt)};
  liver_low_z = 0;
  for (const Vec3& p : places) {
    const double d = liver_at(p);
    if (d >= 0) continue;
    liver_places.push_back({p, d});
    liver_low_z = std::min(liver_low_z, p.z);
  }
}

}  // namespace hepar::phantom
