// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "hepar/volume/volume.h"

namespace hepar {

// Error(kInvalidInput) with the reason when the CT's values can't be HU: an 8-bit picture (whole numbers 0 to
// 255 of which over 5 % are 0), or stored values without their intercept (no value below -24, and the liver,
// or what stands in for it, at 900 to 1400). A liver below -200 HU is refused too. Reads a sample of rows.
void check_hounsfield_units(const CtVolume& ct, std::optional<double> liver_median_hu);

}  // namespace hepar
