// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hepar/cpu_kernels/winograd.h"

namespace hepar::cpu {

// Rules exact enough for gradients: F(2,3), not F(4,3), whose errors are twice those of direct loops. There
// are some for kernels of 3 with strides of 1 and 2 and kernels of 1 with stride 1, along each axis.
bool has_training_rules(const Size3& kernel, const Size3& stride);
TileRules training_rules(const Size3& kernel, const Size3& stride);

// The convolution by these rules, its tiles in groups whose transformed inputs stay in a core's second cache.
std::unique_ptr<Convolution> make_training_convolution(const ConvolutionShape& shape,
                                                       const ConvolutionWeights& weights);

}  // namespace hepar::cpu
