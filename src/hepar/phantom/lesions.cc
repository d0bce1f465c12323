// SPDX-License-Identifier: Apache-2.0
#include "hepar/phantom/lesions.h"

#include <optional>

namespace hepar::phantom {
namespace {

// Log-uniform: each doubling of the size is equally frequent.
double draw_radius(Random& random, double low_mm, double high_mm) {
  return std::exp(random.uniform(std::log(low_mm / 2), std::log(high_mm / 2)));
}

// Mean HU of a solid tumour: below the liver by 15 to 45 HU, and away from water; in the arterial phase
// some take up more contrast than the liver.
double draw_tumour_hu(Random& random, const Tissues& tissues) {
  if (tissues.phase == ContrastPhase::kLateArterial)
    return random.chance(0.5) ? tissues.liver + random.uniform(25, 60)
                              : tissues.liver - random.uniform(14, 30);
  if (tissues.phase == ContrastPhase::kUnenhanced) return tissues.liver - random.uniform(8, 22);
  const double below = 15 + 30 * std::pow(random.uniform(), 1.3);
  return std::clamp(tissues.liver - below, 58.0, 105.0);
}

void set_kind(Lesion& lesion, Random& random, const Tissues& tissues, double necrotic_probability) {
  lesion.value_hu = draw_tumour_hu(random, tissues);
  lesion.texture_sd_hu = random.uniform(2, 5);
  lesion.lumpiness = random.uniform(0.05, 0.14);
  const bool necrotic = random.chance(necrotic_probability) && lesion.radius_mm >= 10;
  const double other = random.uniform();
  const bool unenhanced = tissues.phase == ContrastPhase::kUnenhanced;
  if (necrotic) {
    lesion.kind = LesionKind::kNecrotic;
    lesion.core_hu = random.uniform(20, 45);
    if (unenhanced) lesion.core_hu = std::min(lesion.core_hu, lesion.value_hu - 8);
    lesion.rim_mm = lesion.radius_mm * random.uniform(0.1, 0.4);
  } else if (other < 0.10) {
    lesion.kind = LesionKind::kHypodense;
    lesion.value_hu = unenhanced ? random.uniform(28, 40) : random.uniform(40, 58);
  } else if (other < 0.17) {
    lesion.kind = LesionKind::kCalcified;
    lesion.speck_hu = random.uniform(150, 400);
  }
}

Lesion make_tumour(Random random, const Tissues& tissues, double necrotic_probability) {
  Lesion lesion;
  lesion.radius_mm = draw_radius(random, 10, 60);
  set_kind(lesion, random, tissues, necrotic_probability);
  return lesion;
}

Lesion make_cyst(Random random, bool large) {
  Lesion lesion;
  lesion.kind = LesionKind::kCyst;
  lesion.radius_mm = large ? draw_radius(random, 14, 50) : draw_radius(random, 8, 40);
  lesion.value_hu = std::clamp(random.normal(14, 7), 1.0, 28.0);
  lesion.texture_sd_hu = 0.5;
  lesion.lumpiness = random.uniform(0.0, 0.05);
  return lesion;
}

void set_shape(Lesion& lesion, Random& random, Vec3 centre) {
  const double spread = lesion.is_cyst() ? 0.1 : 0.2;
  Vec3 f{random.uniform(1 - spread, 1 + spread), random.uniform(1 - spread, 1 + spread),
         random.uniform(1 - spread, 1 + spread)};
  lesion.shape = {centre, lesion.radius_mm * f, plane_rotation(0, 1, random.uniform(0, 3.1))};
  lesion.noise_origin = {random.uniform(-120, 120), random.uniform(-80, 80), random.uniform(-200, 0)};
}

double clearance(const Lesion& lesion, Vec3 centre, const std::vector<Lesion>& others) {
  double gap = 1e9;
  for (const Lesion& other : others)
    gap = std::min(gap, (other.shape.centre - centre).norm() - 1.2 * (other.radius_mm + lesion.radius_mm));
  return gap;
}

std::optional<Vec3> find_place(const Lesion& lesion, Random& random, const Anatomy& anatomy,
                               const std::vector<Lesion>& others, double gap_mm) {
  const auto& places = anatomy.liver_places;
  const bool capsular = random.chance(0.35);
  for (int tries = 0; tries < 400; ++tries) {
    const auto& at =
        places[static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(places.size()) - 1))];
    const double depth = -at.distance / lesion.radius_mm;
    if (capsular ? depth < 0.4 || depth > 0.9 : depth < 0.9) continue;
    const Vec3 centre = at.place + Vec3{random.uniform(-3, 3), random.uniform(-3, 3), random.uniform(-3, 3)};
    if (clearance(lesion, centre, others) >= gap_mm) return centre;
  }
  return std::nullopt;
}

// A place where the cyst's surface meets that of `tumour`.
std::optional<Vec3> find_place_beside(const Lesion& cyst, const Lesion& tumour, Random& random,
                                      const Anatomy& anatomy, const std::vector<Lesion>& others) {
  for (int tries = 0; tries < 60; ++tries) {
    Vec3 way{random.normal(), random.normal(), random.normal()};
    way = (1 / std::max(way.norm(), 1e-6)) * way;
    const Vec3 centre = tumour.shape.centre + (0.92 * (tumour.radius_mm + cyst.radius_mm)) * way;
    if (anatomy.liver_at(centre) > -0.8 * cyst.radius_mm) continue;
    std::vector<Lesion> rest;
    for (const Lesion& other : others)
      if (!(other.shape.centre == tumour.shape.centre)) rest.push_back(other);
    if (clearance(cyst, centre, rest) >= 4) return centre;
  }
  return std::nullopt;
}

void place_all(std::vector<Lesion>& wanted, Random random, const Anatomy& anatomy, double gap_mm,
               std::vector<Lesion>& placed) {
  std::stable_sort(wanted.begin(), wanted.end(),
                   [](const Lesion& a, const Lesion& b) { return a.radius_mm > b.radius_mm; });
  std::uint64_t stream = 0;
  for (Lesion& lesion : wanted) {
    Random own = random.fork(stream++);
    if (const auto centre = find_place(lesion, own, anatomy, placed, gap_mm)) {
      set_shape(lesion, own, *centre);
      placed.push_back(lesion);
    }
  }
}

void add_touching_cyst(Random random, const Anatomy& anatomy, std::vector<Lesion>& placed) {
  Lesion cyst = make_cyst(random.fork(1), true);
  for (std::size_t n = 0; n < placed.size(); ++n) {
    if (placed[n].is_cyst()) continue;
    if (const auto centre = find_place_beside(cyst, placed[n], random, anatomy, placed)) {
      set_shape(cyst, random, *centre);
      placed.push_back(cyst);
      return;
    }
  }
}

}  // namespace

const char* lesion_kind_name(LesionKind kind) {
  switch (kind) {
    case LesionKind::kTumour:
      return "tumour";
    case LesionKind::kNecrotic:
      return "necrotic_tumour";
    case LesionKind::kHypodense:
      return "hypodense_tumour";
    case LesionKind::kCalcified:
      return "calcified_tumour";
    case LesionKind::kCyst:
      return "cyst";
  }
  return "";
}

double Lesion::distance(Vec3 p, const Anatomy& anatomy) const {
  const double d = shape.distance(p);
  if (std::abs(d) > 0.6 * radius_mm + 3) return d;
  const Vec3 from = p - shape.centre;
  const Vec3 way = (1 / std::max(from.norm(), 0.5)) * from;
  return d - lumpiness * radius_mm * anatomy.roughness(noise_origin + 26 * way);
}

double Lesion::hu(Vec3 p, double d, const NoiseField& texture) const {
  double value = value_hu + texture_sd_hu * texture(noise_origin + p);
  if (kind == LesionKind::kNecrotic) {
    const double core = smooth_step(1, -1, d + rim_mm);
    value += core * (core_hu + 0.6 * texture_sd_hu * texture(noise_origin + p) - value);
  }
  if (kind == LesionKind::kCalcified && texture(noise_origin + 2.5 * (p - shape.centre)) > 1.7)
    value = speck_hu;
  return value;
}

std::vector<Lesion> draw_lesions(Random random, const Anatomy& anatomy, const Tissues& tissues,
                                 const PhantomOptions& options, double gap_mm) {
  std::vector<Lesion> wanted;
  const std::int64_t tumours = random.chance(0.03) ? 0 : random.integer(1, 6);
  for (std::int64_t n = 0; n < tumours; ++n)
    wanted.push_back(
        make_tumour(random.fork(static_cast<std::uint64_t>(100 + n)), tissues, options.necrotic_probability));
  const std::int64_t cysts = options.cysts == CystContent::kSome ? random.integer(1, 4) : 0;
  for (std::int64_t n = 0; n < cysts; ++n)
    wanted.push_back(make_cyst(random.fork(static_cast<std::uint64_t>(200 + n)), n == 0));
  std::vector<Lesion> placed;
  place_all(wanted, random.fork(1), anatomy, gap_mm, placed);
  if (cysts > 0 && random.chance(0.2)) add_touching_cyst(random.fork(2), anatomy, placed);
  return placed;
}

}  // namespace hepar::phantom
