// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "hepar/phantom/insertion_site.h"
#include "hepar/phantom/noise_texture.h"

namespace hepar::phantom {

// How the scanner shows things.
struct ScanLook {
  double psf_sigma_mm = 0.65;
  NoiseTexture noise;
};

// What a lesion's voxels sum up to.
struct InsertedSum {
  std::int64_t voxels = 0;
  double hu = 0;
  Vec3 place_mm;  // in the slice frame
  bool touching = false;
};

// Paints one group into result.ct, truth, contoured and lesion_ids, with the ids first_id, first_id + 1, ...
// Only within the lesions' blurred reach. Returns a sum for each lesion of the group.
std::vector<InsertedSum> paint_group(const InsertedGroup& group, const ScanLook& look,
                                     double contour_error_mm, std::uint8_t first_id, Random random,
                                     InsertedCase& result);

}  // namespace hepar::phantom
