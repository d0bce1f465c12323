// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace hepar::cpu {

// sums[c][m] += sum over v of a[v][c] * b[v][m], c over the lanes of one block, m over b_blocks blocks.
struct OuterProduct {
  const float* a;
  std::int64_t a_step;  // floats from one v to the next
  const float* b;
  std::int64_t b_step, b_block_step, b_blocks;
  std::int64_t count;
  float* sums;
  std::int64_t sums_step;  // floats from one c to the next; blocks of m lie side by side
};

// A norm with the activation after it, for voxels of one channel block: y = leaky_relu((x - mean) * scale +
// shift), `norm` being the means, scales and shifts of the lanes.
struct NormRow {
  const float* maps;  // x
  std::int64_t voxels;
  const float* norm;
  float slope;
};
// out = scale * g - constant - linear * (x - mean), g being the gradient of what is activated.
struct NormGradientRow {
  NormRow forward;
  const float* gradient;  // of y
  const float* constant;
  const float* linear;
  float* out;
};

// The adjoint of a rule's outputs (winograd.h): from gradients of outputs to those of products, for a row of
// tiles along w, axis by axis. Rows are as long as the tiles reach, zero beyond the map.
struct AdjointD {
  const float* const* planes;  // of one row h: outputs of d
  std::int64_t columns;
  float* out;  // first point
  std::int64_t point_step;
};
struct AdjointH {
  const float* in;  // rows of outputs
  std::int64_t columns;
  float* out;  // rows of points
};
struct AdjointW {
  const float* row;
  std::int64_t tiles;
  float* out;  // first point, first tile; tiles side by side
  std::int64_t point_step;
};

struct TrainingKernels {
  void (*add_outer)(const OuterProduct& product);
  void (*normalise)(const NormRow& row, float* out);
  // Adds the sums of g and of g * (x - mean) to sums[0 .. block) and sums[block .. 2 block).
  void (*add_gradient_sums)(const NormRow& row, const float* gradient, double* sums);
  void (*norm_gradient)(const NormGradientRow& row);
  void (*add_sums)(const float* values, std::int64_t voxels, double* sums);
  // By rule; none for F(4,3), whose gradients are too rough.
  void (*adjoint_d[4])(const AdjointD&);
  void (*adjoint_h[4])(const AdjointH&);
  void (*adjoint_w[4])(const AdjointW&);
};

// Those for instruction_set().
const TrainingKernels& training_kernels();

}  // namespace hepar::cpu
