// SPDX-License-Identifier: Apache-2.0
#include "hepar/cpu_kernels/tap_kernels.h"

#include <utility>

#include "hepar/cpu_kernels/instruction_set.h"

namespace hepar::cpu {
namespace {

// A tile's sums take two registers for each voxel, four without AVX. Two multipliers of four steps each need
// eight sums under way; SSE2's need as many, in half the voxels.
namespace portable {
constexpr int kBlock = 8, kTile = 3, kFullTile = 2;
constexpr bool kFused = false;
#include "hepar/cpu_kernels/tap_kernels.inc"
}  // namespace portable

#pragma GCC push_options
#pragma GCC target("avx2,fma")
namespace avx2 {
constexpr int kBlock = 8, kTile = 6, kFullTile = 4;
constexpr bool kFused = true;
#include "hepar/cpu_kernels/tap_kernels.inc"
}  // namespace avx2
#pragma GCC pop_options

#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512bw,avx512vl,fma,prefer-vector-width=512")
namespace avx512 {
constexpr int kBlock = 16, kTile = 12, kFullTile = 4;
constexpr bool kFused = true;
#include "hepar/cpu_kernels/tap_kernels.inc"
}  // namespace avx512
#pragma GCC pop_options

}  // namespace

const TapKernels& tap_kernels() {
  return for_instruction_set(portable::kTapKernels, avx2::kTapKernels, avx512::kTapKernels);
}

}  // namespace hepar::cpu
