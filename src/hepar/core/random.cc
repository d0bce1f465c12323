// SPDX-License-Identifier: Apache-2.0
#include "hepar/core/random.h"

#include <cmath>
#include <numbers>

namespace hepar {

double Random::normal(double mean, double sd) {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
  return mean + sd * radius * std::cos(2.0 * std::numbers::pi * uniform());
}

}  // namespace hepar
