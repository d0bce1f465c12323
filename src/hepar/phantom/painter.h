// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "hepar/phantom/acquisition.h"
#include "hepar/phantom/lesions.h"
#include "hepar/phantom/vessels.h"

namespace hepar::phantom {

// All that one patient is made of.
struct Patient {
  explicit Patient(Random random, std::optional<ContrastPhase> phase = {});
  Anatomy anatomy;
  Tissues tissues;
  NoiseField texture;  // unit sd, 10 - 30 mm: the unevenness of tissues
  double texture_sd_hu = 4;
  double stomach_level_y = 0;  // gas lies in front of it
  double couch_y = 0;
  LiverVessels vessels;
  std::vector<Lesion> lesions;
};

// What a slice says about the lesions whose voxels it holds.
struct LesionSum {
  std::int64_t voxels = 0;
  double hu = 0;
  Vec3 place_mm;
};

// One axial slice of the patient, without blur and noise. Borders are softened over one pixel, which stands
// for the pixel's area.
struct PaintedSlice {
  std::vector<float> hu;
  std::vector<std::uint8_t> label;
  std::vector<std::uint8_t> lesion;  // 1 + index into Patient::lesions, 0: none
  std::vector<LesionSum> sums;       // by lesion
};
PaintedSlice paint_slice(const Patient& patient, const Scan& scan, double z);

}  // namespace hepar::phantom
