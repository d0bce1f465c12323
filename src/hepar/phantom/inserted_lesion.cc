// SPDX-License-Identifier: Apache-2.0
#include "hepar/phantom/inserted_lesion.h"

#include <array>

namespace hepar::phantom {
namespace {

// Lumps are looked up on a sphere of this radius around the lesion's centre.
constexpr double kLumpSphereMm = 26;
constexpr double kMostLumps = 1.5;  // in SDs
constexpr std::array<Octave, 3> kLumpOctaves{{{12, 0.45}, {24, 0.7}, {48, 0.55}}};
constexpr std::array<Octave, 3> kTextureOctaves{{{5, 0.55}, {12, 0.7}, {24, 0.45}}};

// A metastasis lies 56.9 +- 17.9 HU below the liver of the portal phase, there enhanced by 56.2 HU from 58.8
// (44 metastases, PMID 20458250; liver: doi 10.1007/s11604-006-0111-5, Boyce et al., AJR 194:623, 2010). The
// difference
// grows with the liver's enhancement; living tissue stays above its native 40 - 46 HU.
double solid_hu(Random& random, const LiverState& liver) {
  const double hu = liver.liver_hu;
  if (liver.unenhanced()) return std::clamp(hu - random.uniform(8, 22), 30.0, 60.0);
  const bool arterial = hu < 95 && random.chance(1.0 / 8);
  const double below = random.normal(56.9, 17.9) * (hu - 58.8) / 56.2;
  const double above = random.uniform(20, 60);
  return arterial ? hu + above : std::clamp(hu - below, 46.0, std::max(46.0, hu - 15));
}

NoiseField sphere_field(Random random) {
  const Vec3 corner{kLumpSphereMm + 1, kLumpSphereMm + 1, kLumpSphereMm + 1};
  return NoiseField(random, -1 * corner, corner, kLumpOctaves);
}

NoiseField texture_field(Random random, double radius_mm) {
  const Vec3 corner{1.5 * radius_mm, 1.5 * radius_mm, 1.5 * radius_mm};
  return NoiseField(random, -1 * corner, corner, kTextureOctaves);
}

Vec3 direction(Vec3 from) { return (1 / std::max(from.norm(), 0.5)) * from; }

Vec3 random_direction(Random& random) {
  const Vec3 way{random.normal(), random.normal(), random.normal()};
  return (1 / std::max(way.norm(), 1e-6)) * way;
}

}  // namespace

InsertedLesion::InsertedLesion(LesionKind kind, double diameter_mm, const LiverState& liver, Random random)
    : kind_(kind),
      radius_mm_(0.5 * diameter_mm),
      lumps_(sphere_field(random.fork(1))),
      contour_lumps_(sphere_field(random.fork(2))),
      texture_(texture_field(random.fork(3), radius_mm_)) {
  Random own = random.fork(4);
  const double spread = is_cyst() ? 0.1 : 0.2;
  Vec3 radii;
  for (int axis = 0; axis < 3; ++axis) radii[axis] = own.uniform(1 - spread, 1 + spread) * radius_mm_;
  shape_ = {{}, radii, plane_rotation(0, 1, own.uniform(0, 3.1)) * plane_rotation(1, 2, own.uniform(0, 3.1))};
  lumpiness_ = is_cyst() ? own.uniform(0, 0.05) : own.uniform(0.05, 0.14);
  margin_mm_ = is_cyst() ? 0 : own.uniform(0, 2);
  reach_mm_ = std::max({radii.x, radii.y, radii.z}) + kMostLumps * lumpiness_ * radius_mm_;
  contour_shift_ = std::clamp(own.normal(0, 0.7), -1.4, 1.4);
  draw_hu(liver, random.fork(5));
  if (kind == LesionKind::kNecrotic) draw_core(liver, random.fork(6));
  if (kind == LesionKind::kCalcified) draw_specks(random.fork(7));
}

void InsertedLesion::draw_hu(const LiverState& liver, Random random) {
  texture_sd_hu_ = random.uniform(3, 8);
  if (kind_ == LesionKind::kCyst) {
    // 97.7 % below 23 HU: simple cysts have 0 - 10 HU, the ceiling in use is 20 HU (ACR 2017).
    value_hu_ = std::clamp(random.normal(10, 6.5), -5.0, 28.0);
    texture_sd_hu_ = 0.5;
  } else if (kind_ == LesionKind::kHypodense) {
    value_hu_ = liver.unenhanced() ? random.uniform(28, 40) : random.uniform(32, 46);
    texture_sd_hu_ = random.uniform(3, 6);
  } else {
    value_hu_ = solid_hu(random, liver);
  }
}

void InsertedLesion::draw_core(const LiverState& liver, Random random) {
  core_hu_ = std::clamp(random.normal(22, 10), 5.0, 45.0);
  value_hu_ = std::max(value_hu_, liver.unenhanced() ? core_hu_ + 8 : 50.0);
  rim_mm_ = std::max(1.0, radius_mm_ * random.uniform(0.1, 0.4));
  const double room = rim_mm_ - 1;
  core_shift_mm_ = (random.uniform(0, 0.6) * room) * random_direction(random);
  margin_mm_ = std::min(margin_mm_, 0.5 * rim_mm_);
}

void InsertedLesion::draw_specks(Random random) {
  const std::int64_t count = random.integer(2, 6);
  for (std::int64_t n = 0; n < count; ++n)
    specks_.push_back({(random.uniform(0, 0.7) * radius_mm_) * random_direction(random),
                       random.uniform(1, 2.2), random.uniform(150, 400)});
}

double InsertedLesion::distance_from_centre(Vec3 from) const {
  const double d = shape_.distance(from);
  if (std::abs(d) > 0.4 * radius_mm_ + 3) return d;
  const double lumps = std::clamp(lumps_(kLumpSphereMm * direction(from)), -kMostLumps, kMostLumps);
  return d - lumpiness_ * radius_mm_ * lumps;
}

double InsertedLesion::distance(Vec3 place_mm) const { return distance_from_centre(place_mm - centre_mm); }

double InsertedLesion::hu(Vec3 place_mm, double distance_mm) const {
  const Vec3 from = place_mm - centre_mm;
  const double texture = texture_sd_hu_ * texture_(from);
  double value = value_hu_ + texture;
  if (kind_ == LesionKind::kNecrotic && distance_mm < 0) {
    const double core = smooth_step(0.5, -0.5, distance_from_centre(from - core_shift_mm_) + rim_mm_);
    value += core * (core_hu_ + 0.6 * texture - value);
  }
  for (const Speck& speck : specks_)
    if ((from - speck.from_centre_mm).norm() < speck.radius_mm) value = speck.hu;
  return value;
}

double InsertedLesion::surface_mm(Vec3 way) const {
  double inside = 0, outside = reach_mm_ + 1;
  for (int n = 0; n < 30; ++n) {
    const double middle = 0.5 * (inside + outside);
    (distance_from_centre(middle * way) < 0 ? inside : outside) = middle;
  }
  return inside;
}

double InsertedLesion::contour_offset(Vec3 place_mm) const {
  const Vec3 way = kLumpSphereMm * direction(place_mm - centre_mm);
  return contour_shift_ + 0.7 * std::clamp(contour_lumps_(way), -2.0, 2.0);
}

}  // namespace hepar::phantom
