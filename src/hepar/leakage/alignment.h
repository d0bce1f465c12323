// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "hepar/leakage/scan_signature.h"

namespace hepar::leakage {

// How the places of scan a would lie in scan b if both showed one patient: a similarity in the plane, in
// pixels of the keypoints, and a line along the slabs.
struct Alignment {
  double xx = 1, xy = 0, yx = 0, yy = 1;  // b.x = xx a.x + xy a.y + x, b.y = yx a.x + yy a.y + y
  double x = 0, y = 0;
  double slab_slope = 1, slab_shift = 0;  // b.slab = slope a.slab + shift
  int points = 0;                         // keypoints of a whose match lies where this says
};

// The alignment that most matched keypoints agree on; nothing when no few do. One of two scans of different
// patients is a chance result: what counts is how alike the aligned pictures are.
// Matches are the most alike descriptors, of b as it is and mirrored (Lowe 2004, section 7.1, without the
// test of the second best, as neighbouring slabs are alike). Each of the best ones proposes the similarity of
// its own place, scale and angle, which is refined by least squares over those that agree.
std::optional<Alignment> align(const ScanSignature& a, const ScanSignature& b);

}  // namespace hepar::leakage
