// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
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

// What a convolution's inputs go through before it: leaky_relu((x - mean) * scale + shift), where beyond the
// map there are zeros as ever.
struct InputNorm {
  const float* factors = nullptr;  // [block][mean, scale, shift][lane]; null: inputs are taken as they are
  float slope = 1;
};

// Some of a convolution's input channels, those of the parts before it coming first. A part may hold only
// the planes (along d) that the wanted output planes need.
struct MapsPart {
  const float* maps;      // [block][plane][h][w][lane]
  std::int64_t channels;  // in whole blocks
  std::int64_t first_plane, planes;
  InputNorm norm = {};
};

// Output planes (along d) [begin, end).
struct PlaneRange {
  std::int64_t begin, end;
};

// One algorithm for one shape. Weights are (out_channels, in_channels, kd, kh, kw) with zeros in the lanes
// beyond the last channels, biases out_channels long. Runs on thread_count() threads; the same bytes for any
// number of threads, and for any split into ranges of planes that begin at multiples of plane_step() or whose
// parts hold whole maps.
class Convolution {
 public:
  virtual ~Convolution() = default;
  // `out` holds all planes: [block][d][h][w][lane]; those of the range are written. `moments`, if not null,
  // takes the sums and sums of squares of parts of the outputs: see moment_rows(). `in` and `out` must not
  // overlap. Error(kInternal) for parts of other channels or without the planes that the range needs.
  virtual void run(std::span<const MapsPart> in, float* out, const PlaneRange& planes,
                   double* moments = nullptr) const = 0;
  // Ranges are fastest when they begin and end at multiples of it (or the last plane), and must where moments
  // are taken.
  virtual std::int64_t plane_step() const { return 1; }
  // Whether parts may have a norm.
  virtual bool takes_norm() const { return false; }
  // Of how many parts of the outputs there are moments, [part][out channel block][sum, squares][lane], 0 if
  // of none: the sums of all parts give the mean and variance of a channel.
  virtual std::int64_t moment_rows() const { return 0; }
};

struct ConvolutionWeights {
  std::span<const float> weight, bias;
};

}  // namespace hepar::cpu
