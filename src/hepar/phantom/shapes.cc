// SPDX-License-Identifier: Apache-2.0
#include "hepar/phantom/shapes.h"

namespace hepar::phantom {

Mat3 plane_rotation(int axis_a, int axis_b, double angle) {
  Mat3 m = Mat3::identity();
  const auto a = static_cast<std::size_t>(axis_a), b = static_cast<std::size_t>(axis_b);
  m.at[a][a] = m.at[b][b] = std::cos(angle);
  m.at[a][b] = -std::sin(angle);
  m.at[b][a] = std::sin(angle);
  return m;
}

}  // namespace hepar::phantom
