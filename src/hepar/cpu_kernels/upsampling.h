// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "hepar/cpu_kernels/convolution.h"

namespace hepar::cpu {

struct UpsamplingShape {
  std::int64_t in_channels, out_channels;  // true channels
  Size3 in, kernel;
  Size3 out() const { return {in[0] * kernel[0], in[1] * kernel[1], in[2] * kernel[2]}; }
};

// Transposed convolution with stride = kernel and no padding, as torch.nn.ConvTranspose3d: every input voxel
// fills its own box of the output. The same bytes for any number of threads and any split into planes.
class Upsampling {
 public:
  // Weight (in_channels, out_channels, kd, kh, kw), bias (out_channels).
  Upsampling(const UpsamplingShape& shape, const ConvolutionWeights& weights);
  const UpsamplingShape& shape() const { return shape_; }
  // Writes the planes of the range, of all output channels. `in` holds all input planes; `out` holds the
  // planes of the range alone: [block][plane][h][w][lane].
  void run(const float* in, float* out, const PlaneRange& planes) const;

 private:
  UpsamplingShape shape_;
  std::vector<float> bias_;  // in whole blocks
  AlignedFloats weights_;    // [pair of output blocks][tap][input channel][lane of the pair]
};

}  // namespace hepar::cpu
