// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "hepar/lesion/lesion_patch.h"
#include "hepar/lesion/liver_reference.h"
#include "hepar/lesion/region_evidence.h"

namespace hepar {

// How a region falls into a dark and a bright part.
struct RegionParts {
  bool has_bright = false;  // a bright part that a ball of kThinnestPartMm fits into, beside a dark one
  double wrapped = 0;       // share of the dark part's surface that borders on the bright part
  bool split = false;       // both parts are large enough, and the dark one lies at the bright one's side
  std::vector<std::uint8_t> dark;  // by patch voxel, 1 in the dark part; only when split
};

inline constexpr double kThinnestPartMm = 5;

// Looks for two tissues in a region by its HU smoothed within the region over 1.5 mm. Without `core_hu` they
// are two groups (Otsu, IEEE Trans. Syst. Man Cybern. 9:62, 1979) at least 18 HU and three standard errors of
// the smoothed noise apart, the dark one at most 40 HU. With it, of a region that may be a cyst, what lies so
// far above its core is bright. The bright group is opened by a ball, so that the partial volume at a cyst's
// own border does not count; what the opening takes goes to the nearer part. A dark part that the bright one
// wraps (more than half of its surface) is a necrotic core and is never split off.
RegionParts find_parts(const LesionPatch& patch, const LiverReference& liver,
                       std::optional<double> core_hu = {});

// False when the means of the region's blocks already show one tissue only, or no dark one: a saving.
bool may_have_parts(const RegionEvidence& evidence);

}  // namespace hepar
