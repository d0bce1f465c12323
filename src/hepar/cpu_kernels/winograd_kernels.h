// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "hepar/cpu_kernels/winograd.h"

namespace hepar::cpu {

// One axis of a rule: `points` products for `outputs` outputs from as many inputs as points, tiles
// `input_step` inputs apart, the first one `before` the output's own place. Several points may share a
// transformed weight: point p takes weight_of_point[p] of `weights`; weight_rows[n] gives it from the taps.
struct AxisRule {
  static constexpr int kMaxPoints = 6;
  int points, outputs, input_step, before, weights;
  int weight_of_point[kMaxPoints];
  double weight_rows[kMaxPoints][3];
};
const AxisRule& axis_rule(TileRule rule);
using AxisRules = std::array<const AxisRule*, 3>;  // along d, h, w

// The inputs of one channel block for a row of tiles along w, in three passes. Buffers lie as
// [d][h][w][lane] with `columns` along w.
struct TransformD {
  const float* const* planes;  // of one row h: input points of d, at the first column; null: zeros
  std::int64_t columns;
  float* out;               // first point
  std::int64_t point_step;  // floats
  const float* norm;        // means, scales and shifts of the lanes, or null (InputNorm)
  float slope;
};
struct TransformH {
  float* plane;  // rows of input points, replaced
  std::int64_t columns;
};
struct TransformW {
  const float* row;
  std::int64_t tiles;
  float* out;               // first point, first tile; tiles side by side
  std::int64_t point_step;  // floats
};
// From products to outputs of one channel block, in three passes again, w first.
struct InverseW {
  const float* products;    // first point, first tile; tiles side by side
  std::int64_t point_step;  // floats
  std::int64_t tiles;
  float* out;              // outputs along w side by side
  std::int64_t tile_step;  // floats
};
struct InverseD {
  const float* in;  // [point d][column][lane]
  std::int64_t columns;
  float* out;  // [output d][column][lane]
};
struct InverseH {
  const float* in;  // [point h][columns][lane]
  std::int64_t columns;
  const float* bias;
  float* out;                  // [h][w][lane]
  std::int64_t row_step;       // floats
  std::int64_t height, width;  // outputs inside of the map
  bool begins;                 // a tile, whose first value becomes its pivot
  float* moments;              // pivots, sums and sums of squares of what is above the pivots; added to
};

// products[block][tile] = sum over channels of inputs x weights, at one point.
struct PointProduct {
  const float* in;  // [channel block][tile][lane]
  std::int64_t in_block_step, in_blocks;
  const float* weights;     // [input channel][out_blocks x lane]
  std::int64_t out_blocks;  // 1 or 2
  float* out;               // [block][tile][lane]
  std::int64_t out_block_step, tiles;
};

struct WinogradKernels {
  // By rule.
  void (*transform_d[4])(const TransformD&);
  void (*transform_h[4])(const TransformH&);
  void (*transform_w[4])(const TransformW&);
  void (*inverse_w[4])(const InverseW&);
  void (*inverse_d[4])(const InverseD&);
  void (*inverse_h[4])(const InverseH&);
  void (*multiply)(const PointProduct&);
};

// Those for instruction_set().
const WinogradKernels& winograd_kernels();

}  // namespace hepar::cpu
