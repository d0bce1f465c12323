// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "hepar/cpu_kernels/blocked_maps.h"

namespace hepar::cpu {

// Cross-correlation with zero padding (k - 1) / 2, odd kernels; as torch.nn.Conv3d.
struct ConvolutionShape {
  std::int64_t in_channels, out_channels;  // in whole blocks
  Size3 in, kernel, stride;
  // ceil(size / stride) along each axis.
  Size3 out() const;
};

// Some of a convolution's input channels, those of the parts before it coming first. A part may hold only
// the planes (along d) that the wanted output planes need.
struct MapsPart {
  const float* maps;      // [block][plane][h][w][lane]
  std::int64_t channels;  // in whole blocks
  std::int64_t first_plane, planes;
};

// Output planes (along d) [begin, end).
struct PlaneRange {
  std::int64_t begin, end;
};

// One algorithm for one shape. Weights are (out_channels, in_channels, kd, kh, kw) with zeros in the lanes
// beyond the last channels, biases out_channels long. Runs on thread_count() threads; the same bytes for any
// number of threads and for any split into ranges of planes.
class Convolution {
 public:
  virtual ~Convolution() = default;
  // `out` holds all planes: [block][d][h][w][lane]; those of the range are written.
  virtual void run(std::span<const MapsPart> in, float* out, const PlaneRange& planes) const = 0;
  // Ranges are fastest when they begin at multiples of it.
  virtual std::int64_t plane_step() const { return 1; }
};

struct ConvolutionWeights {
  std::span<const float> weight, bias;
};

}  // namespace hepar::cpu
