// SPDX-License-Identifier: Apache-2.0
#include "hepar/cpu_kernels/training_kernels.h"

#include "hepar/cpu_kernels/instruction_set.h"
#include "hepar/cpu_kernels/winograd.h"

namespace hepar::cpu {
namespace {

namespace portable {
constexpr int kBlock = 8;
#include "hepar/cpu_kernels/training_kernels.inc"
}  // namespace portable

#pragma GCC push_options
#pragma GCC target("avx2,fma")
namespace avx2 {
constexpr int kBlock = 8;
#include "hepar/cpu_kernels/training_kernels.inc"
}  // namespace avx2
#pragma GCC pop_options

#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512bw,avx512vl,fma,prefer-vector-width=512")
namespace avx512 {
constexpr int kBlock = 16;
#include "hepar/cpu_kernels/training_kernels.inc"
}  // namespace avx512
#pragma GCC pop_options

}  // namespace

const TrainingKernels& training_kernels() {
  switch (instruction_set()) {
    case InstructionSet::kAvx512:
      return avx512::kKernels;
    case InstructionSet::kAvx2:
      return avx2::kKernels;
    case InstructionSet::kPortable:
      break;
  }
  return portable::kKernels;
}

}  // namespace hepar::cpu
