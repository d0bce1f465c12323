// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hepar {

// A structure that is compared: all voxels with one of these labels, together.
struct RegionSpec {
  std::string name;
  std::vector<std::uint8_t> labels;
};

// Hepar's own label maps: liver = 1, 2, 3; tumour = 2; cyst = 3.
std::vector<RegionSpec> default_regions();

// "tumour=2" or "liver=1,2,3". Error(kInvalidInput) for anything else, with an example: no name, a name with
// other characters than letters, digits, "-" and "_", no label, or one outside 1 to 255.
RegionSpec parse_region(std::string_view text);

}  // namespace hepar
