// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "hepar/cpu_kernels/convolution.h"

namespace hepar::cpu {

// Convolutions that add up tap by tap, input block by input block: for any odd kernel, stride and size.
// Rounding as that of a plain loop in float32.

// From blocks to blocks.
std::unique_ptr<Convolution> make_direct(const ConvolutionShape& shape, const ConvolutionWeights& weights);

// From plain storage to blocks, for the few channels of a network's input: `shape.in_channels` and those of
// a part count true channels, and a part's maps lie as [channel][plane][h][w].
std::unique_ptr<Convolution> make_first(const ConvolutionShape& shape, const ConvolutionWeights& weights);

}  // namespace hepar::cpu
