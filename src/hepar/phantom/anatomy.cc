// SPDX-License-Identifier: Apache-2.0
#include "hepar/phantom/anatomy.h"

namespace hepar::phantom {
namespace {

constexpr Vec3 kFieldLow{-215, -170, -290}, kFieldHigh{215, 170, 70};
constexpr std::array<Octave, 2> kWarp{{{90, 3.8}, {35, 1.3}}};
constexpr std::array<Octave, 3> kRoughness{{{60, 0.75}, {30, 0.55}, {15, 0.35}}};
constexpr double kSuperellipse = 2.5;

// Radial distance to the superellipse of half axes a, b; `q` gets the fraction of the radius.
double superellipse(double x, double y, double a, double b, double* q) {
  const double u = std::abs(x / a), v = std::abs(y / b);
  *q = std::pow(u * u * std::sqrt(u) + v * v * std::sqrt(v), 1 / kSuperellipse);
  const double r = std::sqrt(x * x + y * y);
  return *q < 1e-3 ? -std::min(a, b) : r * (1 - 1 / *q);
}

double nearest(const std::vector<Capsule>& tubes, Vec3 p) {
  double d = 1e9;
  for (const Capsule& tube : tubes) d = std::min(d, tube.distance(p));
  return d;
}

}  // namespace

Anatomy::Anatomy(Random random)
    : warp_x_(random.fork(11), kFieldLow, kFieldHigh, kWarp),
      warp_y_(random.fork(12), kFieldLow, kFieldHigh, kWarp),
      warp_z_(random.fork(13), kFieldLow, kFieldHigh, kWarp),
      roughness_(random.fork(14), kFieldLow, kFieldHigh, kRoughness) {
  draw_torso(random.fork(1));
  draw_organs(random.fork(2));
  draw_tubes(random.fork(3));
  fit_liver(random.fork(4));
  draw_bowel(random.fork(5));
}

Vec3 Anatomy::warped(Vec3 p) const { return p + Vec3{warp_x_(p), warp_y_(p), warp_z_(p)}; }

TorsoDistances Anatomy::torso(Vec3 p) const {
  TorsoDistances d{};
  double q = 0;
  d.skin = superellipse(p.x, p.y, half_width, half_depth, &q);
  const double front = smooth_step(0.3, -0.6, p.y / half_depth), side = std::abs(p.x) / half_width;
  const double fat = fat_back_ + front * (fat_front_ - fat_back_) + side * side * (fat_side_ - fat_front_);
  d.fascia = d.skin + fat;
  const double y = p.y - cavity_mid_y_;
  d.cavity = superellipse(p.x, y, cavity_x_, cavity_y_, &q);
  // The abdomen is capped by half an ellipsoid with two domes and the dent of the heart between them.
  const double left = smooth_step(0, 50, p.x / scale.x);
  const double dent = (p.x - 12 * scale.x) / (32 * scale.x);
  const double height = dome_height_ * (1 - (1 - left_dome_) * left - heart_dent_ * std::exp(-dent * dent));
  const double z = p.z + dome_height_ + 0.15 * y;
  const double zeta = std::max(0.0, z) / height;
  const double f = std::sqrt(q * q + zeta * zeta);
  const double radius = std::sqrt(p.x * p.x + y * y + std::max(0.0, z) * std::max(0.0, z));
  d.diaphragm = f < 1e-3 ? -cavity_y_ : radius * (1 - 1 / f);
  return d;
}

double Anatomy::liver_underside(double x, double y) const {
  const double u = x / scale.x, v = y / scale.y;
  const double hilum = ((u + 20) * (u + 20) + (v - 8) * (v - 8)) / (2 * 28.0 * 28.0);
  const double rise = u < 0 ? slope_ * u : (slope_ + 0.3) * u;
  return scale.z * (-108 + rise + 0.15 * v + 24 * std::exp(-hilum));
}

double Anatomy::liver(Vec3 p, const TorsoDistances& t) const {
  const double rough = roughness_(p);
  const double under = (liver_underside(p.x, p.y) + liver_offset_ - p.z) * 0.83 + 2.5 * rough;
  double d = smooth_max(t.diaphragm + liver_gap_, under, 14);
  if (d > 12) return d;
  const double u = p.x / scale.x, v = p.y / scale.y;
  const double back = 62 + (posterior_limit_ - 62) * smooth_step(-45, 20, u);
  d = smooth_max(d, (v - back) * scale.y * 0.8 + 2 * rough, 18);
  d = smooth_max(d, (u - left_limit_) * scale.x, 20);
  if (d > 12) return d;
  d = smooth_max(d, 8 - vertebra(p), 5);
  // The kidney lies behind the peritoneum: no liver behind it.
  d = smooth_max(d, 3 - kidneys[0].distance({p.x, std::min(p.y, kidneys[0].centre.y), p.z}), 5);
  d = smooth_max(d, 2 - stomach.distance(p), 5);
  d = smooth_max(d, -cava(p), 1);
  d = smooth_max(d, -gallbladder.distance(p), 1);
  d = smooth_max(d, 3 - nearest(aorta, p), 3);
  // Fissure of the round ligament: a wedge of fat that opens to the front and below.
  const double w = p.z / scale.z;
  const double depth = std::max(v + 45 + 0.35 * (w + 75), w + 62 + 0.2 * v);
  const double width = fissure_width_ * smooth_step(4, -36, depth) * 1.5;
  const double aside = std::abs(p.x - fissure_x_ - 4 * rough - 0.2 * (v + 60));
  return smooth_max(d, std::min(width - aside, -depth), 2);
}

double Anatomy::liver_at(Vec3 p) const {
  const Vec3 w = warped(p);
  return liver(w, torso(w));
}

double Anatomy::spleen(Vec3 p, const TorsoDistances& t) const {
  double d = smooth_max(spleen_.distance(p), t.diaphragm + liver_gap_, 6);
  if (d > 8) return d;
  d = smooth_max(d, 4 - kidneys[1].distance(p), 4);
  return smooth_max(d, 3 - stomach.distance(p), 4);
}

double Anatomy::cava(Vec3 p) const { return nearest(cava_, p); }

bool Anatomy::in_disc(double z) const {
  const double pitch = 36 * scale.z;
  const double at = (z + disc_phase_) / pitch;
  return at - std::floor(at) < 0.26;
}

double Anatomy::vertebra(Vec3 p) const {
  const double x = p.x / (22 * scale.x), y = (p.y - spine_y) / (17 * scale.y);
  const double r = std::sqrt(x * x + y * y);
  return (r - 1) * 18 * scale.y;
}

}  // namespace hepar::phantom
