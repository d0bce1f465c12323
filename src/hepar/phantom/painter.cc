// SPDX-License-Identifier: Apache-2.0
#include "hepar/phantom/painter.h"

#include "hepar/phantom/torso.h"

namespace hepar::phantom {
namespace {

constexpr double kGallbladderWallHu = 80;
constexpr double kWarpMarginMm = 16;  // beyond four sd of the displacement

struct Canvas {
  Canvas(const Patient& patient_, const Scan& scan_, double z_) : patient(patient_), scan(scan_), z(z_) {
    const auto count = static_cast<std::size_t>(scan.pixels * scan.pixels);
    out.hu.assign(count, -1000.0F);
    out.label.assign(count, kBackground);
    out.lesion.assign(count, 0);
    out.sums.resize(patient.lesions.size());
    warped.assign(count, {1e3, 1e3, 1e3});
    torso.assign(count, {1e3, 1e3, 1e3, 1e3});
  }

  const Patient& patient;
  const Scan& scan;
  double z;
  PaintedSlice out;
  std::vector<Vec3> warped;
  std::vector<TorsoDistances> torso;

  double coverage(double distance) const { return std::clamp(0.5 - distance / scan.pixel_mm, 0.0, 1.0); }
  double coordinate(std::int64_t n) const { return scan.first_xy() + scan.pixel_mm * static_cast<double>(n); }
  void blend(std::size_t at, double share, double hu) {
    out.hu[at] += static_cast<float>(share * (hu - static_cast<double>(out.hu[at])));
  }

  // Calls visit(offset, p) for every pixel in the box; nothing if the slice misses it.
  template <class Visit>
  void each_pixel(const Bounds& box, double margin, const Visit& visit) const {
    if (z < box.low.z - margin || z > box.high.z + margin) return;
    const auto index = [&](double mm) { return (mm - scan.first_xy()) / scan.pixel_mm; };
    const auto low = [&](double mm) {
      return std::max<std::int64_t>(0, static_cast<std::int64_t>(std::ceil(index(mm - margin))));
    };
    const auto high = [&](double mm) {
      return std::min(scan.pixels - 1, static_cast<std::int64_t>(std::floor(index(mm + margin))));
    };
    const std::int64_t i_low = low(box.low.x), i_high = high(box.high.x), j_high = high(box.high.y);
    for (std::int64_t j = low(box.low.y); j <= j_high; ++j)
      for (std::int64_t i = i_low; i <= i_high; ++i)
        visit(static_cast<std::size_t>(j * scan.pixels + i), Vec3{coordinate(i), coordinate(j), z});
  }

  // Blends a body whose distance() sees warped places; `hu(p, d)` is asked where it covers the pixel.
  template <class Body, class Hu>
  void fill(const Body& body, const Hu& hu) {
    each_pixel(body.bounds(scan.pixel_mm), kWarpMarginMm, [&](std::size_t at, Vec3) {
      const double d = body.distance(warped[at]);
      const double share = coverage(d);
      if (share > 0) blend(at, share, hu(warped[at], d));
    });
  }
  template <class Hu>
  void fill(const std::vector<Capsule>& tubes, const Hu& hu) {
    for (const Capsule& tube : tubes) fill(tube, hu);
  }
  double mix(double a, double b, double share) const { return a + share * (b - a); }
};

void paint_torso(Canvas& c) {
  const Patient& patient = c.patient;
  for (std::int64_t j = 0; j < c.scan.pixels; ++j)
    for (std::int64_t i = 0; i < c.scan.pixels; ++i) {
      const auto at = static_cast<std::size_t>(j * c.scan.pixels + i);
      const Vec3 p{c.coordinate(i), c.coordinate(j), c.z};
      c.blend(at, c.coverage(couch_distance(patient, p)), -40);
      if (std::abs(p.x) > patient.anatomy.half_width + kWarpMarginMm ||
          std::abs(p.y) > patient.anatomy.half_depth + kWarpMarginMm)
        continue;
      c.warped[at] = patient.anatomy.warped(p);
      c.torso[at] = patient.anatomy.torso(c.warped[at]);
      const double share = c.coverage(c.torso[at].skin);
      if (share > 0) c.blend(at, share, torso_hu(patient, c.warped[at], c.torso[at], c.scan.pixel_mm));
    }
}

void paint_bowel(Canvas& c) {
  const Tissues& tissues = c.patient.tissues;
  c.fill(c.patient.anatomy.mesentery, [&](Vec3, double) { return tissues.portal_vein - 20; });
  std::size_t index = 0;
  for (const Capsule& loop : c.patient.anatomy.small_bowel) {
    const bool gas = ++index % 7 == 0;
    c.fill(loop, [&](Vec3 p, double d) {
      const double inside = gas && p.y < loop.a.y ? -900 : 15 + 12 * c.patient.texture(p);
      return c.mix(tissues.bowel_wall, inside, c.coverage(d + 2.5));
    });
  }
  for (const Capsule& part : c.patient.anatomy.colon)
    c.fill(part, [&](Vec3 p, double d) {
      const double stool = 10 + 60 * c.patient.texture(1.7 * p);
      const bool gas = p.y < 0.5 * (part.a.y + part.b.y) - 3 + 6 * c.patient.texture(p);
      return c.mix(tissues.bowel_wall, gas ? -920 : stool, c.coverage(d + 2));
    });
}

void paint_kidneys(Canvas& c) {
  const Tissues& tissues = c.patient.tissues;
  for (const Ellipsoid& kidney : c.patient.anatomy.kidneys) {
    Ellipsoid sinus = kidney;
    sinus.centre.x *= 1 - 9 / std::abs(kidney.centre.x);
    sinus.radii = 0.42 * kidney.radii;
    c.fill(kidney, [&](Vec3 p, double d) {
      const double pyramid = c.coverage(d + 8) * smooth_step(-0.3, 0.1, c.patient.texture(p));
      const double tissue = c.mix(tissues.cortex, tissues.medulla, pyramid);
      return c.mix(tissue, -80, c.coverage(sinus.distance(p)));
    });
  }
}

void paint_stomach(Canvas& c) {
  const Tissues& tissues = c.patient.tissues;
  const auto hu = [&](Vec3 p, double d) {
    const bool gas = p.y < c.patient.stomach_level_y;
    const double content = gas ? -950 : tissues.stomach_fluid + 10 * c.patient.texture(p);
    return c.mix(tissues.bowel_wall, content, c.coverage(d + 4));
  };
  c.fill(c.patient.anatomy.antrum, hu);
  const Ellipsoid& stomach = c.patient.anatomy.stomach;
  c.each_pixel(stomach.bounds(c.scan.pixel_mm), kWarpMarginMm, [&](std::size_t at, Vec3) {
    const double d = std::max(stomach.distance(c.warped[at]), c.torso[at].diaphragm + 2);
    if (c.coverage(d) > 0) c.blend(at, c.coverage(d), hu(c.warped[at], d));
  });
}

void paint_organs(Canvas& c) {
  const Anatomy& anatomy = c.patient.anatomy;
  const Tissues& tissues = c.patient.tissues;
  const NoiseField& texture = c.patient.texture;
  c.fill(anatomy.psoas, [&](Vec3 p, double) { return tissues.muscle + 5 * texture(p); });
  c.fill(anatomy.heart, [&](Vec3 p, double d) {
    return c.mix(tissues.muscle + 30, 0.5 * (tissues.aorta + tissues.cava),
                 c.coverage(d + 8 + 3 * texture(p)));
  });
  paint_bowel(c);
  paint_kidneys(c);
  c.fill(anatomy.pancreas,
         [&](Vec3 p, double) { return tissues.pancreas - 25 * std::max(0.0, texture(2.0 * p)); });
  paint_stomach(c);
  for (std::size_t at = 0; at < c.warped.size(); ++at) {
    if (c.torso[at].diaphragm > 8 || c.warped[at].x < 30) continue;
    const double share = c.coverage(anatomy.spleen(c.warped[at], c.torso[at]));
    if (share > 0) c.blend(at, share, tissues.spleen + 4 * texture(c.warped[at]));
  }
  for (Capsule crus : anatomy.aorta) {
    crus.radius_a += 4, crus.radius_b += 4;
    if (c.z < -30 && c.z > -150)
      c.fill(crus, [&](Vec3 p, double) { return tissues.muscle + 5 * texture(p); });
  }
  c.fill(anatomy.aorta, [&](Vec3, double) { return tissues.aorta; });
  c.fill(anatomy.portal_trunk, [&](Vec3, double) { return tissues.portal_vein; });
}

// How much of each pixel the tubes cover; thin ones fill only part of a pixel's area.
std::vector<float> tube_shares(const Canvas& c, const std::vector<Capsule>& tubes) {
  std::vector<float> shares(c.out.hu.size(), 0.0F);
  for (const Capsule& tube : tubes) {
    const double width = 2 * tube.radius_a / c.scan.pixel_mm, thin = std::min(1.0, width * width);
    c.each_pixel(tube.bounds(c.scan.pixel_mm), 0, [&](std::size_t at, Vec3 p) {
      shares[at] = std::max(shares[at], static_cast<float>(thin * c.coverage(tube.distance(p))));
    });
  }
  return shares;
}

void paint_lesions(Canvas& c, const std::vector<float>& liver_distance) {
  for (std::size_t n = 0; n < c.patient.lesions.size(); ++n) {
    const Lesion& lesion = c.patient.lesions[n];
    c.each_pixel(lesion.shape.bounds(0.7 * lesion.radius_mm + 2), 0, [&](std::size_t at, Vec3 p) {
      const double in_liver = static_cast<double>(liver_distance[at]);
      const double d = lesion.distance(p, c.patient.anatomy);
      const double share = c.coverage(d) * c.coverage(in_liver);
      if (share <= 0) return;
      const double hu = lesion.hu(p, d, c.patient.texture);
      c.blend(at, share, hu);
      if (d > 0 || in_liver > 0) return;
      c.out.lesion[at] = static_cast<std::uint8_t>(n + 1);
      c.out.label[at] = lesion.is_cyst() ? kCyst : kTumour;
    });
  }
}

// Of the pixels that each lesion holds once all are painted.
void sum_lesions(Canvas& c) {
  for (std::size_t at = 0; at < c.out.lesion.size(); ++at) {
    if (c.out.lesion[at] == 0) continue;
    const std::size_t n = c.out.lesion[at] - 1U;
    const auto pixel = static_cast<std::int64_t>(at);
    const Vec3 p{c.coordinate(pixel % c.scan.pixels), c.coordinate(pixel / c.scan.pixels), c.z};
    const Lesion& lesion = c.patient.lesions[n];
    c.out.sums[n].voxels += 1;
    c.out.sums[n].hu += lesion.hu(p, lesion.distance(p, c.patient.anatomy), c.patient.texture);
    c.out.sums[n].place_mm = c.out.sums[n].place_mm + p;
  }
}

void paint_liver(Canvas& c) {
  const Anatomy& anatomy = c.patient.anatomy;
  const Tissues& tissues = c.patient.tissues;
  std::vector<float> distance(c.warped.size(), 1e3F);
  for (std::size_t at = 0; at < c.warped.size(); ++at) {
    const Vec3 p = c.warped[at];
    if (c.torso[at].diaphragm > 8) continue;
    const double d = anatomy.liver(p, c.torso[at]);
    distance[at] = static_cast<float>(d);
    // No fat shines through where vena cava or gallbladder touch the liver.
    const double grown = d < 0.8 * c.scan.pixel_mm ? c.scan.pixel_mm : 0;
    const double vein = c.coverage(anatomy.cava(p) - grown);
    if (vein > 0) c.blend(at, vein, tissues.cava);
    const double gall = grown > 0 ? c.coverage(anatomy.gallbladder.distance(p) - grown) : 0;
    if (gall > 0) c.blend(at, gall, kGallbladderWallHu);
    if (c.coverage(d) <= 0) continue;
    c.blend(at, c.coverage(d), tissues.liver + c.patient.texture_sd_hu * c.patient.texture(p));
    if (d <= 0) c.out.label[at] = kLiver;
  }
  const auto blend_tubes = [&](const std::vector<Capsule>& tubes, double hu) {
    const std::vector<float> shares = tube_shares(c, tubes);
    for (std::size_t at = 0; at < shares.size(); ++at)
      if (shares[at] > 0)
        c.blend(at, static_cast<double>(shares[at]) * c.coverage(static_cast<double>(distance[at])), hu);
  };
  blend_tubes(c.patient.vessels.hepatic, tissues.hepatic_vein);
  blend_tubes(c.patient.vessels.portal, tissues.portal_vein);
  paint_lesions(c, distance);
  c.fill(anatomy.gallbladder,
         [&](Vec3, double d) { return c.mix(kGallbladderWallHu, tissues.bile, c.coverage(d + 1.5)); });
}

}  // namespace

Patient::Patient(Random random, std::optional<ContrastPhase> phase)
    : anatomy(random.fork(1)),
      tissues(draw_tissues(random.fork(2), phase)),
      texture(random.fork(3), {-215, -170, -290}, {215, 170, 70},
              std::array<Octave, 3>{{{30, 0.55}, {15, 0.6}, {10, 0.55}}}) {
  texture_sd_hu = random.uniform(3, 5.5);
  const Ellipsoid& stomach = anatomy.stomach;
  stomach_level_y = stomach.centre.y + stomach.radii.y * random.uniform(-0.8, 0.1);
  couch_y = anatomy.half_depth + random.uniform(3, 8);
}

PaintedSlice paint_slice(const Patient& patient, const Scan& scan, double z) {
  Canvas canvas(patient, scan, z);
  paint_torso(canvas);
  paint_organs(canvas);
  paint_liver(canvas);
  sum_lesions(canvas);
  return std::move(canvas.out);
}

}  // namespace hepar::phantom
