// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "hepar/nn/model_folder.h"

namespace hepar {

// What nnU-Net v2 decides before it resamples (preprocessing/resampling/default_resampling.py). Axes and
// sizes are the network's: d, h, w.

// round_half_to_even(spacing / wanted spacing * size) along each axis (compute_new_shape).
Kernel3 resampled_size(const Kernel3& size, const std::array<double, 3>& spacing_mm,
                       const std::array<double, 3>& wanted_mm);

// The axis across whose slices the rule resamples, or nothing: in space. Separate when the greatest of the
// spacings now, or else of the wanted ones, exceeds three times the smallest, or when the rule forces it; the
// axis is the one of greatest spacing, and when two share it there is none (determine_do_sep_z_and_axis).
std::optional<std::size_t> separate_axis(const ResamplingRule& rule, const std::array<double, 3>& spacing_mm,
                                         const std::array<double, 3>& wanted_mm);

}  // namespace hepar
