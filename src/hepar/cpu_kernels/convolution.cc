// SPDX-License-Identifier: Apache-2.0
#include "hepar/cpu_kernels/convolution.h"

namespace hepar::cpu {

Size3 ConvolutionShape::out() const {
  Size3 size;
  for (std::size_t axis = 0; axis < 3; ++axis) size[axis] = (in[axis] + stride[axis] - 1) / stride[axis];
  return size;
}

}  // namespace hepar::cpu
