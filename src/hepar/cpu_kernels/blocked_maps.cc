// SPDX-License-Identifier: Apache-2.0
#include "hepar/cpu_kernels/blocked_maps.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/cpu_kernels/instruction_set.h"

namespace hepar::cpu {

namespace {

// Address space is given to the page, so that the table of pages can use huge ones: a multiple of their size
// is asked for, and one more to begin at a multiple.
constexpr std::size_t kHugePage = std::size_t{2} << 20;

void* map_pages(std::size_t bytes) {
  const std::size_t room = bytes + kHugePage;
  void* place = ::mmap(nullptr, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (place == MAP_FAILED) return nullptr;
  const auto address = reinterpret_cast<std::uintptr_t>(place);
  const std::uintptr_t begin = (address + kHugePage - 1) / kHugePage * kHugePage;
  auto* pages = reinterpret_cast<char*>(begin);
  if (begin > address) ::munmap(place, begin - address);
  const std::size_t after = address + room - (begin + bytes);
  if (after > 0) ::munmap(pages + bytes, after);
  ::madvise(pages, bytes, MADV_HUGEPAGE);  // without huge pages the same result: a refusal is no error
  return pages;
}

}  // namespace

void FreeAligned::operator()(float* values) const {
  if (mapped_bytes > 0)
    ::munmap(values, mapped_bytes);
  else
    std::free(values);
}

AlignedFloats make_aligned(std::int64_t count) {
  HEPAR_EXPECT(count >= 0, "fewer floats than none");
  constexpr std::size_t kCacheLine = 64;
  const std::size_t wanted = std::max<std::size_t>(1, static_cast<std::size_t>(count)) * sizeof(float);
  const bool large = wanted >= kHugePage;
  const std::size_t unit = large ? kHugePage : kCacheLine, bytes = (wanted + unit - 1) / unit * unit;
  void* place = large ? map_pages(bytes) : std::aligned_alloc(kCacheLine, bytes);
  if (place == nullptr) {
    throw Error(
        ErrorCode::kExhausted,
        fmt::format("no memory for {} MB of feature maps; use a model with smaller patches", bytes >> 20));
  }
  return {static_cast<float*>(place), FreeAligned{large ? bytes : 0}};
}

void block_channels(std::span<const float> plain, std::int64_t channels, float* blocked) {
  const std::int64_t lanes = channel_block();
  const std::int64_t voxels = static_cast<std::int64_t>(plain.size()) / channels;
  parallel_for(padded(channels, lanes), [&](std::int64_t channel) {
    float* target = blocked + channel / lanes * voxels * lanes + channel % lanes;
    const float* source = plain.data() + channel * voxels;
    for (std::int64_t v = 0; v < voxels; ++v) target[v * lanes] = channel < channels ? source[v] : 0.0f;
  });
}

void unblock_channels(const float* blocked, std::int64_t channels, std::span<float> plain) {
  const std::int64_t lanes = channel_block();
  const std::int64_t voxels = static_cast<std::int64_t>(plain.size()) / channels;
  parallel_for(channels, [&](std::int64_t channel) {
    const float* source = blocked + channel / lanes * voxels * lanes + channel % lanes;
    float* target = plain.data() + channel * voxels;
    for (std::int64_t v = 0; v < voxels; ++v) target[v] = source[v * lanes];
  });
}

}  // namespace hepar::cpu
