// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>

#include "hepar/cpu_kernels/convolution.h"

namespace hepar::cpu {

// How the outputs of one axis are computed, tile by tile, with fewer multiplications than taps x outputs
// (Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, CVPR 2016).
//   kSingle   kernel 1, stride 1: one product for one output
//   kF2       kernel 3, stride 1: F(2,3), 4 products for 2 outputs; rounding as direct loops
//   kF4       kernel 3, stride 1: F(4,3), 6 products for 4 outputs; rounding errors ten times as large
//   kStrided  kernel 3, stride 2: the odd inputs by F(2,2), the even ones directly, 5 products for 2 outputs
enum class TileRule { kSingle, kF2, kF4, kStrided };
using TileRules = std::array<TileRule, 3>;  // along d, h, w

// Whether there is a rule for this kernel and stride, the axis's and the rules' own.
bool fits(TileRule rule, std::int64_t kernel, std::int64_t stride);

// Channels in whole blocks, a rule that fits for each axis. `group` >= 1: how many tiles are computed
// together; it changes the speed and the memory alone, at most some 4 x points x group x (in_channels +
// out_channels) bytes for each thread, `points` being the products of a tile. Without any weight all are
// zero, for trials of the speed. Error(kInternal) for what is not so, Error(kExhausted) without memory for
// the transformed weights.
std::unique_ptr<Convolution> make_winograd(const ConvolutionShape& shape, const TileRules& rules,
                                           const ConvolutionWeights& weights, std::int64_t group);

}  // namespace hepar::cpu
