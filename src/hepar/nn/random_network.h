// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "hepar/nn/network_spec.h"
#include "hepar/tensors/weights.h"

namespace hepar {

// Networks nobody trained, to measure and test engines with.

// A plain U-Net with `blocks` convolutions in each stage, kernels 3x3x3 and strides 2 below the first stage,
// one input channel and two heads.
NetworkSpec make_plain_spec(std::vector<std::int64_t> features_per_stage, std::int64_t blocks = 2);

// He's initialisation (He et al., ICCV 2015), so that signals keep their size; norms and biases away from 1
// and 0.
Weights random_weights(const NetworkSpec& spec, std::uint64_t seed);

}  // namespace hepar
