// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hepar/phantom/phantom.h"
#include "hepar/volume/volume.h"

namespace hepar {

// What is to be put in. All kinds together: at most 100.
struct InsertionOptions {
  int cysts = 4, tumours = 3, necrotic = 1, hypodense = 0, calcified = 0;
  int touching = 1;        // pairs of a tumour and a cyst that share a border
  double smallest_mm = 5;  // diameters, log-uniform between the two, each from 3 to 100 mm; necrotic ones
  double largest_mm = 60;  // have 12 mm or more, of a pair the tumour 12 - 40 and the cyst 11 - 35 mm
  double contour_error_mm = 0;  // SD of the contoured map's border against the truth, 0 to 5; 0: exact
  std::vector<std::string> problems() const;  // all faults, one sentence each; empty: valid
};

// Throws Error(kInvalidInput) with all problems(), if there are any.
void check_options(const InsertionOptions& options);

struct InsertedCase {
  CtVolume ct;         // the scan with the lesions; bit for bit the scan's where they do not reach
  LabelMap truth;      // kLiver, kTumour, kCyst: inserted lesions, and those of the input as they were
  LabelMap contoured;  // what a network would give: every lesion is kTumour, borders off by contour_error_mm
  Volume<std::uint8_t> lesion_ids;  // 1 + index into `lesions`, 0: none; inserted lesions only
  std::vector<LesionTruth> lesions;
  // As measured in the scan: point spread in plane (0.65 mm where it can't be), noise and median of the
  // liver.
  double psf_sigma_mm = 0, noise_sd_hu = 0, liver_hu = 0;
  std::vector<std::string> notes;  // what became smaller or found no place, what could not be measured
};

// Puts lesions into a real liver as this very scanner would have shown them. `labels`: 1 liver, 2 tumour,
// 3 cyst; other values are background. Lesions lie in label 1, a third of them under the capsule and cut by
// it, 4 mm and 3 voxels or more (at most 15 mm) from each other and from labels 2 and 3.
// With B the blur of the scan (Gaussian in plane, box of the slice spacing across) and F = B(lesion's
// indicator): new HU = (1 - F) old + B(lesion's HU) + sqrt(F (2 - F)) noise, so that the noise, drawn with
// the liver's own SD, grain and correlation between slices, has the same power inside and outside.
// Any order and direction of axes. The same arguments give the same bytes for any number of threads.
// Distributions of HU, sizes and shapes with their sources: README.md of this module.
// Throws Error(kInvalidInput): problems(), another grid, less than 50 mL of label 1, a liver that is
// not in HU or has no uninterrupted patches to measure the noise in.
InsertedCase insert_lesions(const CtVolume& ct, const LabelMap& labels, const InsertionOptions& options,
                            std::uint64_t seed);

}  // namespace hepar
