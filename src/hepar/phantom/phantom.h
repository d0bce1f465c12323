// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hepar/volume/volume.h"

namespace hepar {

enum class PhantomSize {
  kSmall,  // 128 x 128 pixels of 2.6 - 3.4 mm, slices every 2.5 - 5 mm: what the default model is trained on
  kFull,   // 512 x 512 pixels of 0.65 - 0.85 mm, slices of 1 - 5 mm every 0.5 - 1 thickness
};
enum class CystContent { kNone, kSome };
enum class ContrastPhase { kLateArterial, kPortalVenous, kDelayed, kUnenhanced };

// "late_arterial", "portal_venous", "delayed" or "unenhanced".
const char* phase_name(ContrastPhase phase);

struct PhantomOptions {
  PhantomSize size = PhantomSize::kSmall;
  CystContent cysts = CystContent::kNone;  // kSome: 1 - 4 cysts a case
  double necrotic_probability = 0.15;      // of each tumour of 20 mm or more, in [0, 1]
  bool lesions = true;                     // false: a liver without any, for insert_lesions()
  // Empty: drawn, see README.md; then never unenhanced.
  std::optional<ContrastPhase> phase = {};
  std::optional<double> slice_thickness_mm = {};  // 0.5 to 10
  std::optional<double> noise_sd_hu = {};         // 0 to 100
};

// One lesion as it was put in; only lesions that own at least one voxel are listed.
struct LesionTruth {
  std::string kind;         // tumour, necrotic_tumour, hypodense_tumour, calcified_tumour or cyst
  Vec3 centre_lps_mm;       // centroid of its voxels
  double diameter_mm = 0;   // of the sphere of the same volume
  double true_mean_hu = 0;  // mean over its voxels before blur, noise and partial volume
  bool touching = false;    // a voxel of it is a 26-neighbour of a lesion of the other label
  std::int64_t voxels = 0;
};

// How the scan was "made".
struct PhantomAcquisition {
  ContrastPhase phase = ContrastPhase::kPortalVenous;
  double delay_s = 0;             // after the injection
  double liver_hu = 0;            // mean of the parenchyma before noise
  double slice_thickness_mm = 0;  // full width of the slice profile; geometry holds the spacing
  double psf_sigma_mm = 0;        // of the Gaussian point-spread function in plane
  double nps_cutoff_per_mm = 0;   // fc of the noise power f exp(-(f/fc)^2)
  double noise_sd_hu = 0;         // in the middle of the body
};

struct Phantom {
  CtVolume ct;      // whole HU, >= -1024; axes along L, P, S
  LabelMap labels;  // kBackground, kLiver, kTumour, kCyst; a voxel is what its centre lies in
  std::vector<LesionTruth> lesions;
  PhantomAcquisition acquisition;
};

// Case `index` of the cohort `seed`: a synthetic contrast-enhanced abdominal CT that covers the whole liver,
// with exact truth. The same arguments give the same bytes for any number of threads. About 1 s (small) or a
// minute (full, below 1.4 GB) on one or two cores. Throws Error(kInvalidInput) for a probability outside
// [0, 1] or a negative index. Sources of the HU, sizes, blur and noise: README.md of this module.
Phantom make_phantom(const PhantomOptions& options, std::uint64_t seed, std::int64_t index);

}  // namespace hepar
