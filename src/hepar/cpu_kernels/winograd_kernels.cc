// SPDX-License-Identifier: Apache-2.0
#include "hepar/cpu_kernels/winograd_kernels.h"

#include "hepar/cpu_kernels/instruction_set.h"

namespace hepar::cpu {
namespace {

namespace portable {
constexpr int kBlock = 8, kTiles = 3;
#include "hepar/cpu_kernels/winograd_kernels.inc"
}  // namespace portable

#pragma GCC push_options
#pragma GCC target("avx2,fma")
namespace avx2 {
constexpr int kBlock = 8, kTiles = 6;
#include "hepar/cpu_kernels/winograd_kernels.inc"
}  // namespace avx2
#pragma GCC pop_options

#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512bw,avx512vl,fma,prefer-vector-width=512")
namespace avx512 {
constexpr int kBlock = 16, kTiles = 12;
#include "hepar/cpu_kernels/winograd_kernels.inc"
}  // namespace avx512
#pragma GCC pop_options

constexpr AxisRule kSingle{1, 1, 1, 0, 1, {0}, {{1, 0, 0}}};
constexpr AxisRule kF2{
    4, 2, 2, 1, 4, {0, 1, 2, 3}, {{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}}};
// The weight of point p is (k0 + p k1 + p^2 k2) / (product of its differences to the other points). With
// points 1, 2 and their negatives, as Lavin and Gray have them, the powers of 2 make rounding errors three
// times as large in the mean and eight times at worst; 3/4 and 3/2 are as exact in binary.
constexpr double kA = 0.75, kB = 1.5, kOverA = 1 / (2 * kA * kA * (kA * kA - kB * kB)),
                 kOverB = 1 / (2 * kB * kB * (kB * kB - kA * kA)), kOver0 = 1 / (kA * kA * kB * kB);
constexpr AxisRule kF4{6,
                       4,
                       4,
                       1,
                       6,
                       {0, 1, 2, 3, 4, 5},
                       {{kOver0, 0, 0},
                        {kOverA, kA* kOverA, kA* kA* kOverA},
                        {kOverA, -kA* kOverA, kA* kA* kOverA},
                        {kOverB, kB* kOverB, kB* kB* kOverB},
                        {kOverB, -kB* kOverB, kB* kB* kOverB},
                        {0, 0, 1}}};
constexpr AxisRule kStrided{5, 2, 4, 1, 4, {0, 1, 2, 3, 3}, {{1, 0, 0}, {1, 0, 1}, {0, 0, 1}, {0, 1, 0}}};

}  // namespace

const AxisRule& axis_rule(TileRule rule) {
  static constexpr const AxisRule* kRules[] = {&kSingle, &kF2, &kF4, &kStrided};
  return *kRules[static_cast<int>(rule)];
}

const WinogradKernels& winograd_kernels() {
  return for_instruction_set(portable::kKernels, avx2::kKernels, avx512::kKernels);
}

}  // namespace hepar::cpu
