// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "hepar/cpu_kernels/convolution.h"
#include "hepar/cpu_kernels/tap_kernels.h"

namespace hepar::cpu {

// Half-open.
struct Span {
  std::int64_t begin, end;
  std::int64_t size() const { return end - begin; }
  friend bool operator==(const Span&, const Span&) = default;
};

// Where a convolution's taps fall, zero padding (k - 1) / 2.
struct TapGeometry {
  Size3 in, kernel, stride, out;
  std::int64_t lanes;  // channels side by side in the input
  // How many taps along w are one step of a sum; beyond 1 they must be all, and neighbours in memory.
  std::int64_t joined;
  // The taps of output n that lie in the input.
  Span taps(std::size_t axis, std::int64_t n) const;
  // The inputs that a range of outputs reads.
  Span inputs(std::size_t axis, const Span& outputs) const;
};

// Output voxels that are computed together: some rows of one plane, or all rows of some planes.
struct OutputBox {
  Span d, h;
};

// One block of input channels: [plane][h][w][lane], planes from first_plane on.
struct BlockSource {
  const float* maps;
  std::int64_t first_plane;
};

// Voxels, side by side in the output, that share their taps.
struct OutputRun {
  std::int64_t first, count;  // voxels of the output
  std::int64_t in;            // where the taps count from, in floats from the beginning of the copied block
  std::size_t taps;           // number of the list
};

// A box's inputs are copied, block by block, so that each tap of neighbouring output voxels reads neighbours
// in memory. Taps that fall outside the input for a whole run are left out.

// Every output row is a run. Copied rows have zeros at both ends and the voxels of equal (w mod stride) side
// by side.
class RowInputs {
 public:
  RowInputs(const TapGeometry& geometry, const OutputBox& box);
  std::int64_t block_floats() const { return planes_.size() * rows_.size() * row_floats_; }
  const std::vector<OutputRun>& runs() const { return runs_; }
  const std::vector<Tap>& taps(const OutputRun& run) const { return lists_[run.taps].taps; }
  void copy_block(const BlockSource& source, float* target) const;

 private:
  struct TapList {
    Span d, h;  // of the kernel
    std::vector<Tap> taps;
  };
  OutputRun run_at(std::int64_t d, std::int64_t h);
  void add_list(const Span& along_d, const Span& along_h);
  void copy_row(const float* source, float* target) const;

  const TapGeometry& geometry_;
  Span planes_, rows_;  // of the input
  std::int64_t phases_, phase_voxels_, row_floats_;
  std::vector<TapList> lists_;
  std::vector<OutputRun> runs_;
};

// For rows too short to fill a tile: the box is one run, its inputs copied for each tap.
class VoxelInputs {
 public:
  VoxelInputs(const TapGeometry& geometry, const OutputBox& box);
  std::int64_t block_floats() const { return static_cast<std::int64_t>(places_.size()) * geometry_.lanes; }
  const std::vector<OutputRun>& runs() const { return runs_; }
  const std::vector<Tap>& taps(const OutputRun&) const { return taps_; }
  void copy_block(const BlockSource& source, float* target) const;

 private:
  // Whether a voxel of the box has the tap in the input; then its places are added.
  bool add_places(const OutputBox& box, const Size3& tap);

  const TapGeometry& geometry_;
  std::vector<std::int64_t> places_;  // [tap][voxel of the box]: voxel of the input, kOutside where padding
  std::vector<Tap> taps_;
  std::vector<OutputRun> runs_;
};

}  // namespace hepar::cpu
