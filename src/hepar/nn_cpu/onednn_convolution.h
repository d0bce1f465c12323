// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "hepar/cpu_kernels/convolution.h"

namespace hepar::cpu {

// oneDNN's generated code, to compare with; null where this oneDNN has only its slow reference path. Takes
// one part and all planes. `plain`: the input's channels lie one after the other (C, D, H, W), not in blocks.
std::unique_ptr<Convolution> make_onednn_convolution(const ConvolutionShape& shape,
                                                     const ConvolutionWeights& weights, bool plain);

}  // namespace hepar::cpu
