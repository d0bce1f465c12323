// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace hepar::cpu {

// What the kernels are compiled for. kPortable is what every processor of this architecture has.
enum class InstructionSet { kPortable, kAvx2, kAvx512 };

// The largest that this processor has, but none beyond the environment variable HEPAR_INSTRUCTION_SET
// (portable, avx2 or avx512), which shows what a lesser processor does; read once. Error(kInvalidInput) for
// another value.
InstructionSet instruction_set();
const char* name_of(InstructionSet set);

// Of what is compiled once for each, that for instruction_set().
template <class Kernels>
const Kernels& for_instruction_set(const Kernels& portable, const Kernels& avx2, const Kernels& avx512) {
  const Kernels* const all[] = {&portable, &avx2, &avx512};
  return *all[static_cast<int>(instruction_set())];
}

// How many channels of a feature map lie side by side in memory: 8, or 16 with AVX-512.
std::int64_t channel_block();

}  // namespace hepar::cpu
