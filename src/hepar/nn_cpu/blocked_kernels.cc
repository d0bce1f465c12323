// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn_cpu/blocked_kernels.h"

#include <oneapi/dnnl/dnnl.hpp>

namespace hepar::cpu {
namespace {

namespace sse {
constexpr int kBlock = 8;
#include "hepar/nn_cpu/blocked_kernels.inc"
}  // namespace sse

#pragma GCC push_options
#pragma GCC target("avx2,fma")
namespace avx2 {
constexpr int kBlock = 8;
#include "hepar/nn_cpu/blocked_kernels.inc"
}  // namespace avx2
#pragma GCC pop_options

#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512bw,avx512vl,fma,prefer-vector-width=512")
namespace avx512 {
constexpr int kBlock = 16;
#include "hepar/nn_cpu/blocked_kernels.inc"
}  // namespace avx512
#pragma GCC pop_options

const BlockedKernels& choose() {
  // The names of instruction sets are sets of bits, each including those below it.
  const auto effective = static_cast<unsigned>(dnnl::get_effective_cpu_isa());
  const auto includes = [effective](dnnl::cpu_isa isa) {
    return (effective & static_cast<unsigned>(isa)) == static_cast<unsigned>(isa);
  };
  if (includes(dnnl::cpu_isa::avx512_core)) return avx512::kKernels;
  return includes(dnnl::cpu_isa::avx2) ? avx2::kKernels : sse::kKernels;
}

}  // namespace

const BlockedKernels& blocked_kernels() {
  static const BlockedKernels& kernels = choose();
  return kernels;
}

}  // namespace hepar::cpu
