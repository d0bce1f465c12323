// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace hepar::cpu {

// out[v] += sum over channels of in[v] x weights, for a row of voxels and one block of output channels.
struct RowProduct {
  const float* in;             // first voxel, first channel block
  std::int64_t in_step;        // floats from one voxel to the next
  std::int64_t in_block_step;  // floats from one channel block to the next
  std::int64_t in_blocks;
  const float* weights;   // [input channel][block]
  float* out;
  std::int64_t out_step;  // floats from one voxel to the next
  std::int64_t count;     // voxels
};

// out[v] = leaky_relu(norm(maps[v]) + norm of its own(skip[v])). A norm is given as the means, scales and
// shifts of a block's lanes: (x - mean) * scale + shift. `out` may be `maps` or `skip`.
struct ResidualRow {
  const float* maps;
  const float* skip;
  float* out;
  std::int64_t voxels;
  const float* norm;
  const float* skip_norm;
  float slope;
};

// out[v] = mean over a box of kernel_d x kernel_h x kernel_w voxels, boxes side by side along w.
struct PoolRow {
  const float* in;
  std::int64_t d_step, h_step;  // floats from one row of the box to the next
  std::int64_t kernel_d, kernel_h, kernel_w;
  float* out;
  std::int64_t count;  // boxes
};

// Inner loops for one instruction set. Values lie as [voxel][block].
struct BlockedKernels {
  std::int64_t block;  // channels side by side in memory: 8 or 16
  // Adds to moments[0 .. block) the sums of the values and to moments[block .. 2 block) those of their
  // squares.
  void (*add_moments)(const float* values, std::int64_t voxels, double* moments);
  // values = leaky_relu(norm(values)), the norm as in ResidualRow.
  void (*normalise_and_activate)(float* values, std::int64_t voxels, const float* norm, float slope);
  void (*join_and_activate)(const ResidualRow& row);
  void (*average)(const PoolRow& row);
  void (*add_row_product)(const RowProduct& row);
};

// Those for instruction_set().
const BlockedKernels& blocked_kernels();

}  // namespace hepar::cpu
