// SPDX-License-Identifier: Apache-2.0
#include "hepar/phantom/torso.h"

namespace hepar::phantom {
namespace {

struct Layer {  // paints over what is there
  double hu;
  double pixel_mm;
  double share(double distance) const { return std::clamp(0.5 - distance / pixel_mm, 0.0, 1.0); }
  void over(double distance, double value) { hu += share(distance) * (value - hu); }
};

// Ribs run round the wall, fall to the side and rise again as cartilage; the two lowest end early.
void add_ribs(Layer& layer, const Patient& patient, Vec3 p, const TorsoDistances& torso) {
  if (torso.cavity < -1 || torso.cavity > 13) return;
  const Anatomy& anatomy = patient.anatomy;
  const double pitch = 31 * anatomy.scale.z, lowest = -95 * anatomy.scale.z;
  const double angle = std::atan2(std::abs(p.x), p.y + 9);  // 0 at the back, pi in front
  const double turn = 2.1, slope = 62 * anatomy.scale.z;    // mm per radian
  const double fall = slope * (angle < turn ? angle : 2 * turn - angle);
  const double number = std::round((p.z + fall - lowest) / pitch);
  if (number < 0 || angle > (number < 1 ? 0.9 : number < 2 ? 1.4 : 2.75)) return;
  const double dr = (torso.cavity - 5.5) / 4, dz = 0.75 * (p.z + fall - lowest - number * pitch) / 6;
  const double d = (std::sqrt(dr * dr + dz * dz) - 1) * 4.5;
  const Tissues& tissues = patient.tissues;
  if (angle > turn) {
    layer.over(d, 95);
    return;
  }
  layer.over(d, 0.8 * tissues.cortical);
  layer.over(d + 1.5, tissues.trabecular + 80);
}

void add_sternum(Layer& layer, const Patient& patient, Vec3 p, const TorsoDistances& torso) {
  if (p.y > 0 || p.z < -45) return;
  const double d = smooth_max(std::abs(torso.cavity - 6) - 5, std::abs(p.x) - 17, 3);
  layer.over(d, 0.6 * patient.tissues.cortical);
  layer.over(d + 1.2, patient.tissues.trabecular);
}

void add_spine(Layer& layer, const Patient& patient, Vec3 p) {
  const Anatomy& anatomy = patient.anatomy;
  const Tissues& tissues = patient.tissues;
  const double y = p.y - anatomy.spine_y, arch = 25 * anatomy.scale.y;
  if (std::abs(p.x) > 60 || y < -40 || y > 80) return;
  const bool disc = anatomy.in_disc(p.z);
  for (const double side : {-1.0, 1.0}) {  // erector muscles beside the processes
    const double u = (p.x - side * 29) / 26, v = (y - arch - 10) / 18;
    layer.over((std::sqrt(u * u + v * v) - 1) * 20, tissues.muscle - 6 + 7 * patient.texture(p));
  }
  const double canal = std::hypot(p.x / 11, (y - arch) / 8.5);
  if (!disc) {
    const double spinous = smooth_max(std::abs(p.x) - 3.5, std::abs(y - arch - 19) - 14, 3);
    const double transverse = smooth_max(std::abs(y - arch + 2) - 4, std::abs(p.x) - 36, 3);
    for (const double d : {spinous, transverse})
      layer.over(d, 0.6 * tissues.cortical), layer.over(d + 1.5, tissues.trabecular);
  }
  layer.over((canal - 1.55) * 9, disc ? patient.tissues.muscle : 0.7 * tissues.cortical);
  const double body = anatomy.vertebra(p);
  layer.over(body, disc ? 85 : 0.6 * tissues.cortical);
  if (!disc) layer.over(body + 1.3, tissues.trabecular + 25 * patient.texture(p));
  layer.over((canal - 1) * 9, 25);
  layer.over((std::hypot(p.x, y - arch) - 5), 40);
}

// The middle of the chest: fat with the oesophagus.
void add_mediastinum(Layer& layer, const Patient& patient, Vec3 p, const TorsoDistances& torso) {
  const Vec3 s = patient.anatomy.scale;
  const double oval = std::hypot((p.x - 6 * s.x) / 34, (p.y - patient.anatomy.spine_y + 40 * s.y) / 46);
  layer.over(std::max((oval - 1) * 34, 2 - torso.diaphragm), -90);
  const double gullet = std::hypot(p.x - 8 * s.x, p.y - patient.anatomy.spine_y + 38 * s.y) - 8;
  layer.over(std::max(gullet, -torso.diaphragm), patient.tissues.muscle);
}

}  // namespace

double torso_hu(const Patient& patient, Vec3 p, const TorsoDistances& torso, double pixel_mm) {
  const Tissues& tissues = patient.tissues;
  const double uneven = patient.texture(p);
  Layer layer{10, pixel_mm};  // skin
  layer.over(torso.skin + 2, tissues.fat + 5 * uneven);
  layer.over(torso.fascia, tissues.muscle + 5 * uneven);
  // Septa of fat between the muscles: level sets of the texture.
  const double septum = 7 * std::abs(patient.texture({p.x, p.y, 0.4 * p.z - 100})) - 0.6;
  layer.over(std::max(septum, torso.fascia + 2), -60);
  add_ribs(layer, patient, p, torso);
  add_sternum(layer, patient, p, torso);
  Layer inside{tissues.muscle, pixel_mm};  // the diaphragm, before the rest
  inside.over(torso.diaphragm, tissues.visceral_fat + 5 * uneven);
  const double dependent = 110 * smooth_step(0, 90, p.y);
  inside.over(3 - torso.diaphragm, tissues.lung + dependent + 35 * uneven);
  add_mediastinum(inside, patient, p, torso);
  layer.over(torso.cavity, inside.hu);
  add_spine(layer, patient, p);
  return layer.hu;
}

double couch_distance(const Patient& patient, Vec3 p) {
  const double top = patient.couch_y - p.x * p.x / 1500;
  const double body = std::max({top - p.y, p.y - top - 45, std::abs(p.x) - 215});
  return std::abs(body) - 2;
}

}  // namespace hepar::phantom
