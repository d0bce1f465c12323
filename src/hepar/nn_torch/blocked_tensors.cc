// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn_torch/blocked_tensors.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "hepar/core/parallel.h"
#include "hepar/cpu_kernels/instruction_set.h"
#include "hepar/nn_torch/maps_pool.h"

namespace hepar::blocked {

std::int64_t in_whole_blocks(std::int64_t channels) { return cpu::padded(channels, cpu::channel_block()); }

namespace {

MapsPool& maps_pool() {
  static MapsPool* const pool = new MapsPool;  // never gone: tensors may outlive what is static
  return *pool;
}

}  // namespace

at::Tensor make_maps(std::int64_t samples, std::int64_t channels, const cpu::Size3& size) {
  const std::int64_t lanes = cpu::channel_block(), blocks = in_whole_blocks(channels) / lanes;
  const std::int64_t count = samples * blocks * lanes * cpu::voxels_of(size);
  const auto values = std::make_shared<cpu::AlignedFloats>(maps_pool().take(count));
  return at::from_blob(
      values->get(), {samples, blocks, size[0], size[1], size[2], lanes},
      [values, count](void*) { maps_pool().give_back(std::move(*values), count); }, at::kFloat);
}

at::Tensor to_blocks(const at::Tensor& plain) {
  const at::Tensor source = plain.contiguous();
  const std::int64_t channels = source.size(1);
  at::Tensor maps = make_maps(source.size(0), channels, {source.size(2), source.size(3), source.size(4)});
  // Not the stride of axis 0, which is anything where there is one sample.
  const auto each = static_cast<std::size_t>(source.numel() / source.size(0));
  for (std::int64_t n = 0; n < source.size(0); ++n)
    cpu::block_channels({sample_of(source, n), each}, channels, sample_of(maps, n));
  return maps;
}

at::Tensor from_blocks(const at::Tensor& maps, std::int64_t channels) {
  const at::Tensor source = with_whole_samples(maps);
  at::Tensor plain =
      at::empty({maps.size(0), channels, maps.size(2), maps.size(3), maps.size(4)}, at::kFloat);
  const auto each = static_cast<std::size_t>(plain.stride(0));
  for (std::int64_t n = 0; n < maps.size(0); ++n)
    cpu::unblock_channels(sample_of(source, n), channels, {sample_of(plain, n), each});
  return plain;
}

at::Tensor with_whole_samples(const at::Tensor& maps) {
  return maps.select(0, 0).is_contiguous() ? maps : maps.contiguous();
}

std::vector<float> WeightPlaces::pad(const at::Tensor& weight) const {
  const at::Tensor source = weight.contiguous();
  const std::int64_t taps = source.numel() / (source.size(0) * source.size(1)), width = b.count();
  std::vector<float> padded(static_cast<std::size_t>(a.count() * width * taps), 0.0f);
  for (std::int64_t i = 0; i < source.size(0); ++i)
    for (std::int64_t j = 0; j < source.size(1); ++j)
      std::copy_n(source.data_ptr<float>() + (i * source.size(1) + j) * taps, taps,
                  padded.data() + (a.of(i) * width + b.of(j)) * taps);
  return padded;
}

at::Tensor WeightPlaces::unpad(std::span<const float> padded, at::IntArrayRef shape) const {
  at::Tensor weight = at::empty(shape, at::kFloat);
  const std::int64_t taps = weight.numel() / (shape[0] * shape[1]), width = b.count();
  for (std::int64_t i = 0; i < shape[0]; ++i)
    for (std::int64_t j = 0; j < shape[1]; ++j)
      std::copy_n(padded.data() + (a.of(i) * width + b.of(j)) * taps, taps,
                  weight.data_ptr<float>() + (i * shape[1] + j) * taps);
  return weight;
}

std::vector<float> pad_vector(const at::Tensor& values, std::int64_t count) {
  std::vector<float> padded(static_cast<std::size_t>(count), 0.0f);
  if (!is_there(values)) return padded;
  const at::Tensor source = values.contiguous();
  std::copy_n(source.data_ptr<float>(), source.numel(), padded.data());
  return padded;
}

}  // namespace hepar::blocked
