// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <optional>

#include "hepar/core/parallel.h"
#include "hepar/cpu_kernels/blocked_kernels.h"
#include "hepar/nn_cpu/layers.h"

namespace hepar::cpu {
namespace {

std::size_t index(std::int64_t n) { return static_cast<std::size_t>(n); }

// Maps of whole blocks cut into chunks of fixed length, so that rounding does not depend on the threads.
struct Chunks {
  static constexpr std::int64_t kVoxels = 4096;
  std::int64_t voxels, lanes, blocks;

  std::int64_t per_block() const { return (voxels + kVoxels - 1) / kVoxels; }
  std::int64_t block(std::int64_t chunk) const { return chunk / per_block(); }
  std::int64_t offset(std::int64_t chunk) const { return (block(chunk) * voxels + first(chunk)) * lanes; }
  std::int64_t length(std::int64_t chunk) const { return std::min(kVoxels, voxels - first(chunk)); }

 private:
  std::int64_t first(std::int64_t chunk) const { return chunk % per_block() * kVoxels; }
};

// Calls run(first block, end) for groups of blocks of a few megabytes: what the statistics have read, the
// normalisation then finds in a cache.
template <class Run>
void for_each_group(const Chunks& chunks, const Run& run) {
  constexpr std::int64_t kFloats = 2 << 20;
  const std::int64_t most = std::max<std::int64_t>(1, kFloats / (chunks.voxels * chunks.lanes));
  for (std::int64_t first = 0; first < chunks.blocks; first += most)
    run(first, std::min(first + most, chunks.blocks));
}

// For all chunks of the blocks [first, end).
template <class Run>
void for_each_chunk(const Chunks& chunks, std::int64_t first, std::int64_t end, const Run& run) {
  const std::int64_t before = first * chunks.per_block();
  parallel_for((end - first) * chunks.per_block(), [&](std::int64_t n) { run(before + n); });
}

// Per block the means, scales and shifts of its lanes (blocked_kernels.h).
struct NormFactors {
  std::int64_t lanes;
  std::vector<float> values;
  const float* of_block(std::int64_t block) const { return values.data() + block * 3 * lanes; }
  float& at(std::int64_t channel, std::int64_t row) {
    return values[index((channel / lanes * 3 + row) * lanes + channel % lanes)];
  }
};

class InstanceNorm {
 public:
  InstanceNorm(const NormShape& shape, const Affine& norm)
      : eps_(shape.eps), weight_(norm.weight.values), bias_(norm.bias.values) {
    const std::int64_t lanes = blocked_kernels().block;
    const auto channels = padded(static_cast<std::int64_t>(weight_.size()), lanes);
    weight_.resize(index(channels), 0.0f);
    bias_.resize(index(channels), 0.0f);
    chunks_ = {shape.voxels, lanes, channels / lanes};
  }

  const Chunks& chunks() const { return chunks_; }

  NormFactors make_factors() const { return {chunks_.lanes, std::vector<float>(weight_.size() * 3)}; }

  // Those of the blocks [first, end).
  void set_factors(const float* maps, std::int64_t first, std::int64_t end, NormFactors& factors) const {
    const std::int64_t lanes = chunks_.lanes, per_block = chunks_.per_block(), before = first * per_block;
    std::vector<double> moments(index((end - first) * per_block * 2 * lanes), 0.0);
    for_each_chunk(chunks_, first, end, [&](std::int64_t chunk) {
      blocked_kernels().add_moments(maps + chunks_.offset(chunk), chunks_.length(chunk),
                                    moments.data() + (chunk - before) * 2 * lanes);
    });
    for (std::int64_t channel = first * lanes; channel < end * lanes; ++channel) {
      double sum = 0, squares = 0;
      const std::int64_t begin = channel / lanes * per_block - before;
      for (std::int64_t chunk = begin; chunk < begin + per_block; ++chunk) {
        sum += moments[index(chunk * 2 * lanes + channel % lanes)];
        squares += moments[index((chunk * 2 + 1) * lanes + channel % lanes)];
      }
      set_factors(channel, sum, squares, factors);
    }
  }

 private:
  void set_factors(std::int64_t channel, double sum, double squares, NormFactors& factors) const {
    const auto count = static_cast<double>(chunks_.voxels);
    const double mean = sum / count, variance = std::max(0.0, squares / count - mean * mean);
    const double scale = weight_[index(channel)] / std::sqrt(variance + eps_);
    const auto rounded_mean = static_cast<float>(mean);
    factors.at(channel, 0) = rounded_mean;
    factors.at(channel, 1) = static_cast<float>(scale);
    // What the rounding of the mean left.
    factors.at(channel, 2) = static_cast<float>(bias_[index(channel)] - (mean - rounded_mean) * scale);
  }

  double eps_;
  std::vector<float> weight_, bias_;  // padded
  Chunks chunks_{};
};

// Means of 0, scales of 1 and shifts of 0.
NormFactors identity(const Chunks& chunks) {
  NormFactors factors{chunks.lanes, std::vector<float>(index(chunks.blocks * 3 * chunks.lanes), 0.0f)};
  for (std::int64_t channel = 0; channel < chunks.blocks * chunks.lanes; ++channel)
    factors.at(channel, 1) = 1;
  return factors;
}

}  // namespace

InPlaceLayer make_norm(const NormShape& shape, const Affine& norm) {
  return [norm = InstanceNorm(shape, norm), slope = static_cast<float>(shape.slope)](float* maps) {
    const Chunks& chunks = norm.chunks();
    NormFactors factors = norm.make_factors();
    for_each_group(chunks, [&](std::int64_t first, std::int64_t end) {
      norm.set_factors(maps, first, end, factors);
      for_each_chunk(chunks, first, end, [&](std::int64_t chunk) {
        blocked_kernels().normalise_and_activate(maps + chunks.offset(chunk), chunks.length(chunk),
                                                 factors.of_block(chunks.block(chunk)), slope);
      });
    });
  };
}

JoinLayer make_residual_join(const NormShape& shape, const Affine& norm,
                             const std::optional<Affine>& skip_norm) {
  std::optional<InstanceNorm> of_skip;
  if (skip_norm) of_skip.emplace(shape, *skip_norm);
  return [norm = InstanceNorm(shape, norm), of_skip, slope = static_cast<float>(shape.slope)](
             const float* maps, const float* skip, float* out) {
    const Chunks& chunks = norm.chunks();
    NormFactors factors = norm.make_factors(), skip_factors = identity(chunks);
    for_each_group(chunks, [&](std::int64_t first, std::int64_t end) {
      norm.set_factors(maps, first, end, factors);
      if (of_skip) of_skip->set_factors(skip, first, end, skip_factors);
      for_each_chunk(chunks, first, end, [&](std::int64_t chunk) {
        const std::int64_t at = chunks.offset(chunk), block = chunks.block(chunk);
        blocked_kernels().join_and_activate({maps + at, skip + at, out + at, chunks.length(chunk),
                                             factors.of_block(block), skip_factors.of_block(block), slope});
      });
    });
  };
}

}  // namespace hepar::cpu
