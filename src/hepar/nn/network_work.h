// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hepar/nn/network_spec.h"

namespace hepar {

// 1e9 operations that one sample of `size` (d, h, w) takes by the definition of the layers: two for each
// multiply-add of the convolutions, the transposed convolutions and the full-resolution head, taps on the
// zero padding included; nothing for biases, norms and pooling.
double gflop_of(const NetworkSpec& spec, const Kernel3& size);

}  // namespace hepar
