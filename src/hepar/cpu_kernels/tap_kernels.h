// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace hepar::cpu {

// One step of a sum: where its inputs lie, in floats from those of the product, and the number of its
// weights.
struct Tap {
  std::int64_t in, number;
};

// out[v] (+)= sum over input blocks, taps and lanes of input x weight, for voxels side by side in `in` and
// one or two blocks of output channels. A voxel's sum has a fixed order, whatever voxels come with it.
struct TapProduct {
  const float* in;             // first voxel, first input block
  std::int64_t lanes;          // inputs of a tap, side by side: `block`, with voxels at as many floats from
                               // each other, or, in plain storage with voxels side by side, 1 or 3
  std::int64_t in_block_step;  // floats from one input block to the next
  std::int64_t in_blocks;
  const Tap* taps;
  std::int64_t tap_count;
  const float* weights;  // [input block][number][lane][out_blocks x block]
  std::int64_t weights_block_step;
  std::int64_t out_blocks;  // 1 or 2
  const float* bias;        // where the sums begin; null: at what `out` holds
  float* out;
  const std::int64_t* out_offsets;  // of each voxel, in floats
  std::int64_t out_block_step;
  std::int64_t voxels;
};

// dots[head][v] = bias + sum over channels of maps x weight.
struct HeadRow {
  const float* maps;           // [block][voxel][lane]
  std::int64_t in_block_step;  // floats from one block to the next
  std::int64_t in_blocks;
  const float* weights;  // [head][channel in whole blocks]
  const float* bias;
  std::int64_t heads;
  float* out;  // [head][voxel]
  std::int64_t out_step;
  std::int64_t voxels;  // a multiple of `block`
};

struct TapKernels {
  std::int64_t tile;       // voxels whose sums stay in registers together
  std::int64_t full_tile;  // how many of them keep all multipliers busy
  void (*multiply)(const TapProduct& product);
  void (*dot)(const HeadRow& row);
};

// Those for instruction_set().
const TapKernels& tap_kernels();

}  // namespace hepar::cpu
