// SPDX-License-Identifier: Apache-2.0
#include "hepar/cpu_kernels/instruction_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "hepar/core/error.h"

namespace hepar::cpu {
namespace {

constexpr InstructionSet kAll[] = {InstructionSet::kPortable, InstructionSet::kAvx2, InstructionSet::kAvx512};

InstructionSet of_this_processor() {
#if defined(__x86_64__)
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
  if (avx2) return avx512 ? InstructionSet::kAvx512 : InstructionSet::kAvx2;
#endif
  return InstructionSet::kPortable;
}

InstructionSet choose() {
  const char* limit = std::getenv("HEPAR_INSTRUCTION_SET");
  if (limit == nullptr || *limit == '\0') return of_this_processor();
  for (const InstructionSet set : kAll)
    if (std::string_view(limit) == name_of(set)) return std::min(set, of_this_processor());
  throw Error(ErrorCode::kInvalidInput,
              fmt::format("HEPAR_INSTRUCTION_SET is {}; set it to portable, avx2 or avx512", limit));
}

}  // namespace

InstructionSet instruction_set() {
  static const InstructionSet chosen = choose();
  return chosen;
}

const char* name_of(InstructionSet set) {
  switch (set) {
    case InstructionSet::kAvx2:
      return "avx2";
    case InstructionSet::kAvx512:
      return "avx512";
    case InstructionSet::kPortable:
      break;
  }
  return "portable";
}

std::int64_t channel_block() { return instruction_set() == InstructionSet::kAvx512 ? 16 : 8; }

}  // namespace hepar::cpu
