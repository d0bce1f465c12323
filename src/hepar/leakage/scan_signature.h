// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "hepar/leakage/keypoints.h"
#include "hepar/volume/volume.h"

namespace hepar {

// Fewer slices say too little: such scans are not compared.
inline constexpr std::int64_t kFewestSlices = 8;

// What is kept of a CT to recognise it under another name, spacing, crop, flip or intensity offset: 1 to
// 5 MB. Holds no patient data but small pictures.
struct ScanSignature {
  struct Point {
    leakage::Keypoint keypoint;
    std::int64_t slab = 0;
    std::int64_t rank = 0;  // 0: the strongest of its slab
  };
  std::int64_t slices = 0;  // of the CT
  std::int64_t slabs = 0, slices_per_slab = 1;
  bool axes_exchanged = false;
  std::vector<Point> points;

  // The pictures that the keypoints lie in, column fastest, then row, then slab: contrast against the
  // surroundings in HU, cut to +-127; kOutside where the body is not.
  static constexpr std::int8_t kOutside = -128;
  std::int64_t width = 0, height = 0;
  std::vector<std::int8_t> contrast;

  bool comparable() const { return slices >= kFewestSlices && !points.empty(); }
};

// Works at about the speed of memory, on all threads; takes some 15 MB besides the signature.
ScanSignature make_scan_signature(const CtVolume& ct);

}  // namespace hepar
