// SPDX-License-Identifier: Apache-2.0
#include "hepar/cpu_kernels/scratch.h"

#include <array>

#include "hepar/cpu_kernels/blocked_maps.h"

namespace hepar::cpu {

float* thread_scratch(ScratchSlot slot, std::int64_t count) {
  struct Buffer {
    AlignedFloats values;
    std::int64_t count = 0;
  };
  static thread_local std::array<Buffer, 4> buffers;
  Buffer& buffer = buffers[static_cast<std::size_t>(slot)];
  if (buffer.count < count) {
    buffer = {};  // first, so that two never need memory together
    buffer.values = make_aligned(count);
    buffer.count = count;
  }
  return buffer.values.get();
}

}  // namespace hepar::cpu
