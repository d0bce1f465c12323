// SPDX-License-Identifier: Apache-2.0
#include "hepar/cpu_kernels/blocked_kernels.h"

#include "hepar/cpu_kernels/instruction_set.h"

namespace hepar::cpu {
namespace {

namespace portable {
constexpr int kBlock = 8;
#include "hepar/cpu_kernels/blocked_kernels.inc"
}  // namespace portable

#pragma GCC push_options
#pragma GCC target("avx2,fma")
namespace avx2 {
constexpr int kBlock = 8;
#include "hepar/cpu_kernels/blocked_kernels.inc"
}  // namespace avx2
#pragma GCC pop_options

#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512bw,avx512vl,fma,prefer-vector-width=512")
namespace avx512 {
constexpr int kBlock = 16;
#include "hepar/cpu_kernels/blocked_kernels.inc"
}  // namespace avx512
#pragma GCC pop_options

}  // namespace

const BlockedKernels& blocked_kernels() {
  return for_instruction_set(portable::kKernels, avx2::kKernels, avx512::kKernels);
}

}  // namespace hepar::cpu
