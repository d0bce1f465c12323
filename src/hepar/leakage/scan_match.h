// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hepar/leakage/scan_signature.h"

namespace hepar {

// From this correlation on, two scans are one. Midway between what scans of different patients reach (at most
// 0.17; phantoms of one generator 0.34) and what copies reach that keep 20 slices (0.79 or more; with noise,
// a corner crop and 5 mm slices of a 3 mm scan at once 0.60): docs/leakage.md.
inline constexpr double kSameScanCorrelation = 0.55;

// Slices of one scan, in the order to the head that its header tells; both ends included.
struct SliceRange {
  std::int64_t first = 0, last = -1;
  std::int64_t count() const { return last - first + 1; }
};

// How alike scan b is to scan a where the two show the same, if they do.
struct ScanMatch {
  // Of local contrast within the body, slice by corresponding slice: what three quarters of them reach. 0
  // when no part of a was found in b.
  double correlation = 0;
  bool same_scan() const { return correlation >= kSameScanCorrelation; }

  // Against what the headers say; rows and columns or slices exchanged: axes_exchanged.
  bool flipped_left_right = false, flipped_front_back = false, flipped_head_feet = false;
  bool axes_exchanged = false;
  double slice_step = 1;          // so many slices of b per slice of a, > 0
  SliceRange slices_a, slices_b;  // that correspond
};

// Needs comparable() signatures. Takes some ms.
ScanMatch compare_scans(const ScanSignature& a, const ScanSignature& b);

}  // namespace hepar
