// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn_cpu/instance_norm.h"

#include <algorithm>
#include <cmath>

#include "hepar/core/parallel.h"
#include "hepar/cpu_kernels/blocked_kernels.h"
#include "hepar/cpu_kernels/instruction_set.h"

namespace hepar::cpu {
namespace {

std::size_t index(std::int64_t n) { return static_cast<std::size_t>(n); }

// Maps of whole blocks in pieces of fixed length: run(piece, its block, first float, voxels).
constexpr std::int64_t kPiece = 4096;
std::int64_t pieces_of(std::int64_t voxels) { return (voxels + kPiece - 1) / kPiece; }

template <class Run>
void for_each_piece(std::int64_t blocks, std::int64_t voxels, std::int64_t lanes, const Run& run) {
  const std::int64_t per_block = pieces_of(voxels);
  parallel_for(blocks * per_block, [&](std::int64_t piece) {
    const std::int64_t block = piece / per_block, first = piece % per_block * kPiece;
    run(piece, block, (block * voxels + first) * lanes, std::min(kPiece, voxels - first));
  });
}

std::vector<float> in_blocks(std::vector<float> values, std::int64_t lanes) {
  values.resize(index(padded(static_cast<std::int64_t>(values.size()), lanes)), 0.0f);
  return values;
}

}  // namespace

InstanceNorm::InstanceNorm(const NormShape& shape, const Affine& norm)
    : voxels_(shape.voxels),
      lanes_(channel_block()),
      eps_(shape.eps),
      slope_(static_cast<float>(shape.slope)),
      weight_(in_blocks(norm.weight.values, lanes_)),
      bias_(in_blocks(norm.bias.values, lanes_)) {}

void InstanceNorm::set_factors(std::int64_t channel, double sum, double squares, float* factors) const {
  const auto count = static_cast<double>(voxels_);
  const double mean = sum / count, variance = std::max(0.0, squares / count - mean * mean);
  const double scale = weight_[index(channel)] / std::sqrt(variance + eps_);
  const auto rounded_mean = static_cast<float>(mean);
  float* own = factors + channel / lanes_ * 3 * lanes_ + channel % lanes_;
  own[0] = rounded_mean;
  own[lanes_] = static_cast<float>(scale);
  // What the rounding of the mean left.
  own[2 * lanes_] = static_cast<float>(bias_[index(channel)] - (mean - rounded_mean) * scale);
}

void InstanceNorm::find_factors(const float* maps, float* factors) const {
  const std::int64_t per_block = pieces_of(voxels_);
  std::vector<double> moments(index(blocks() * per_block * 2 * lanes_), 0.0);
  for_each_piece(blocks(), voxels_, lanes_,
                 [&](std::int64_t piece, std::int64_t, std::int64_t first, std::int64_t voxels) {
                   blocked_kernels().add_moments(maps + first, voxels, moments.data() + piece * 2 * lanes_);
                 });
  for (std::int64_t channel = 0; channel < blocks() * lanes_; ++channel) {
    double sum = 0, squares = 0;
    const double* own = moments.data() + channel / lanes_ * per_block * 2 * lanes_ + channel % lanes_;
    for (std::int64_t piece = 0; piece < per_block; ++piece, own += 2 * lanes_) {
      sum += own[0];
      squares += own[lanes_];
    }
    set_factors(channel, sum, squares, factors);
  }
}

void InstanceNorm::find_factors_from_moments(const double* moments, std::int64_t rows, float* factors) const {
  parallel_for(blocks(), [&](std::int64_t block) {
    std::vector<double> sums(index(2 * lanes_), 0.0);
    for (std::int64_t row = 0; row < rows; ++row) {
      const double* own = moments + (row * blocks() + block) * 2 * lanes_;
      for (std::int64_t n = 0; n < 2 * lanes_; ++n) sums[index(n)] += own[n];
    }
    for (std::int64_t lane = 0; lane < lanes_; ++lane)
      set_factors(block * lanes_ + lane, sums[index(lane)], sums[index(lanes_ + lane)], factors);
  });
}

void InstanceNorm::apply(const float* factors, float* maps) const {
  for_each_piece(blocks(), voxels_, lanes_,
                 [&](std::int64_t, std::int64_t block, std::int64_t first, std::int64_t voxels) {
                   blocked_kernels().normalise_and_activate(maps + first, voxels,
                                                            factors + block * 3 * lanes_, slope_);
                 });
}

void InstanceNorm::join(const float* factors, const float* skip, const float* skip_factors,
                        float* maps) const {
  // Means of 0, scales of 1 and shifts of 0.
  std::vector<float> identity(index(3 * lanes_), 0.0f);
  std::fill_n(identity.begin() + lanes_, lanes_, 1.0f);
  for_each_piece(blocks(), voxels_, lanes_,
                 [&](std::int64_t, std::int64_t block, std::int64_t first, std::int64_t voxels) {
                   const float* of_skip =
                       skip_factors == nullptr ? identity.data() : skip_factors + block * 3 * lanes_;
                   blocked_kernels().join_and_activate({maps + first, skip + first, maps + first, voxels,
                                                        factors + block * 3 * lanes_, of_skip, slope_});
                 });
}

}  // namespace hepar::cpu
