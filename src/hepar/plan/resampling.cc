// SPDX-License-Identifier: Apache-2.0
#include "hepar/plan/resampling.h"

#include <algorithm>
#include <cmath>

namespace hepar {
namespace {

constexpr double kAnisotropy = 3;  // ANISO_THRESHOLD, nnunetv2/configuration.py

bool is_anisotropic(const std::array<double, 3>& spacing_mm) {
  const auto [least, most] = std::minmax_element(spacing_mm.begin(), spacing_mm.end());
  return *most / *least > kAnisotropy;
}

std::optional<std::size_t> coarsest_axis(const std::array<double, 3>& spacing_mm) {
  const auto most = std::max_element(spacing_mm.begin(), spacing_mm.end());
  // Compared as upstream compares, by the quotient.
  const auto coarse = [&](double spacing) { return *most / spacing == 1; };
  if (std::count_if(spacing_mm.begin(), spacing_mm.end(), coarse) > 1) return {};
  return static_cast<std::size_t>(most - spacing_mm.begin());
}

}  // namespace

Kernel3 resampled_size(const Kernel3& size, const std::array<double, 3>& spacing_mm,
                       const std::array<double, 3>& wanted_mm) {
  Kernel3 result{};
  for (std::size_t axis = 0; axis < 3; ++axis) {
    result[axis] = std::llrint(spacing_mm[axis] / wanted_mm[axis] * static_cast<double>(size[axis]));
  }
  return result;
}

std::optional<std::size_t> separate_axis(const ResamplingRule& rule, const std::array<double, 3>& spacing_mm,
                                         const std::array<double, 3>& wanted_mm) {
  if (rule.force_separate_z) {
    if (!*rule.force_separate_z) return {};
    return coarsest_axis(spacing_mm);
  }
  if (is_anisotropic(spacing_mm)) return coarsest_axis(spacing_mm);
  if (is_anisotropic(wanted_mm)) return coarsest_axis(wanted_mm);
  return {};
}

}  // namespace hepar
