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

// How many channels of a feature map lie side by side in memory: 8, or 16 with AVX-512.
std::int64_t channel_block();

}  // namespace hepar::cpu
