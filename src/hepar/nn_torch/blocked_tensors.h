// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <span>
#include <vector>

#include "hepar/cpu_kernels/blocked_maps.h"

// What blocked_ops.h is made from: tensors of maps (N, C / block, D, H, W, block) without gradients.
namespace hepar::blocked {

// Not initialised, on huge pages where the system has them.
at::Tensor make_maps(std::int64_t samples, std::int64_t channels, const cpu::Size3& size);
at::Tensor to_blocks(const at::Tensor& plain);
at::Tensor from_blocks(const at::Tensor& maps, std::int64_t channels);

inline cpu::Size3 size_of(const at::Tensor& maps) { return {maps.size(2), maps.size(3), maps.size(4)}; }
inline std::int64_t padded_channels(const at::Tensor& maps) { return maps.size(1) * maps.size(5); }
std::int64_t in_whole_blocks(std::int64_t channels);

// An argument of an autograd Function that may be missing: LibTorch 1.13 takes no undefined tensor.
inline at::Tensor or_nothing(const at::Tensor& maybe) { return maybe.defined() ? maybe : at::empty({0}); }
inline bool is_there(const at::Tensor& maybe) { return maybe.numel() > 0; }

// With each sample contiguous, as the kernels need it: a part of the channels of a tensor is.
at::Tensor with_whole_samples(const at::Tensor& maps);
inline float* sample_of(const at::Tensor& maps, std::int64_t n) {
  return maps.data_ptr<float>() + n * maps.stride(0);
}

// Where an input channel of a weight lies when those of each of two maps are padded to whole blocks.
struct ChannelPlaces {
  std::int64_t first, second;  // channels of the maps
  std::int64_t count() const { return in_whole_blocks(first) + in_whole_blocks(second); }
  std::int64_t of(std::int64_t channel) const {
    return channel < first ? channel : in_whole_blocks(first) + channel - first;
  }
};

// A weight (A, B, kd, kh, kw) with both channel axes in whole blocks, zeros in between; and back.
struct WeightPlaces {
  ChannelPlaces a, b;
  std::vector<float> pad(const at::Tensor& weight) const;
  at::Tensor unpad(std::span<const float> padded, at::IntArrayRef shape) const;
};
// (C), 0 where there is none.
std::vector<float> pad_vector(const at::Tensor& values, std::int64_t count);

// Sums over samples and voxels, (channels).
at::Tensor channel_sums(const at::Tensor& maps, std::int64_t channels);

}  // namespace hepar::blocked
