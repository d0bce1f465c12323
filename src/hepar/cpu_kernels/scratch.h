// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace hepar::cpu {

// Memory of the calling thread, kept for its next call: at least `count` floats, 64-byte aligned, with
// whatever was left in them. Valid until the next call with the same slot. Kernels that call each other use
// different slots.
enum class ScratchSlot { kTransform, kProducts, kInputs, kOutputs };
float* thread_scratch(ScratchSlot slot, std::int64_t count);

}  // namespace hepar::cpu
