// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "hepar/cpu_kernels/convolution.h"
#include "hepar/cpu_kernels/packed_weights.h"

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
  struct Job {
    const float* in;
    float* out;
    PlaneRange planes;
  };
  // Voxels of the input, numbered as they lie, and pairs of output blocks.
  struct Share {
    std::int64_t first, end, first_pair, end_pair;
  };
  void run_share(const Job& job, const Share& share) const;
  std::vector<std::int64_t> out_offsets(const Share& share, std::int64_t first_plane) const;
  Share within(Share share, const PlaneRange& planes, std::int64_t a) const;

  UpsamplingShape shape_;
  std::int64_t block_, in_blocks_;
  PackedWeights weights_;  // outer: taps; inner: input blocks
};

}  // namespace hepar::cpu
