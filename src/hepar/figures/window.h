// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>

namespace hepar {

// The usual abdominal window: width 400, level 40.
inline constexpr double kWindowLowHu = -160, kWindowHighHu = 240;

// 0 at the window's low end and below (and for NaN), 255 at its high end and above.
inline std::uint8_t grey_level(double hu, double low_hu, double high_hu) {
  if (!(hu > low_hu)) return 0;
  return hu >= high_hu ? 255
                       : static_cast<std::uint8_t>(std::lround(255 * (hu - low_hu) / (high_hu - low_hu)));
}

}  // namespace hepar
