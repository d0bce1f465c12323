// SPDX-License-Identifier: Apache-2.0
#include "hepar/plan/nonzero.h"

#include <algorithm>
#include <vector>

#include "hepar/core/parallel.h"
#include "hepar/imaging/box.h"
#include "hepar/imaging/fill_holes.h"

namespace hepar {
namespace {

bool is_nonzero(std::span<const CtVolume> channels, std::size_t offset) {
  return std::any_of(channels.begin(), channels.end(),
                     [offset](const CtVolume& channel) { return channel.voxels()[offset] != 0; });
}

Box3 box_in_slice(std::span<const CtVolume> channels, std::int64_t k) {
  const CtVolume& grid = channels.front();
  const Int3 size = grid.size();
  Box3 box{{size.i, size.j, k}, {0, 0, k}};
  for (std::int64_t j = 0; j < size.j; ++j) {
    const std::size_t row = grid.offset({0, j, k});
    const auto zero = [&](std::int64_t i) {
      return !is_nonzero(channels, row + static_cast<std::size_t>(i));
    };
    std::int64_t first = 0, last = size.i - 1;
    while (first < size.i && zero(first)) ++first;
    if (first == size.i) continue;
    while (zero(last)) --last;
    box = {{std::min(box.low.i, first), std::min(box.low.j, j), k},
           {std::max(box.high.i, last + 1), j + 1, k + 1}};
  }
  return box;
}

}  // namespace

Box3 nonzero_box(std::span<const CtVolume> channels) {
  const Int3 size = channels.front().size();
  std::vector<Box3> boxes(static_cast<std::size_t>(size.k));
  parallel_for(size.k,
               [&](std::int64_t k) { boxes[static_cast<std::size_t>(k)] = box_in_slice(channels, k); });
  std::erase_if(boxes, [](const Box3& box) { return box.empty(); });
  if (boxes.empty()) return whole_box(channels.front().geometry());
  Box3 all = boxes.front();
  for (const Box3& box : boxes) all = enclosing_box(all, box);
  return all;
}

std::optional<Mask> nonzero_mask(std::span<const CtVolume> channels) {
  Mask mask(channels.front().geometry());
  const std::int64_t slice = mask.size().i * mask.size().j;
  parallel_for(mask.size().k, [&](std::int64_t k) {
    for (std::int64_t n = k * slice; n < (k + 1) * slice; ++n) {
      const auto at = static_cast<std::size_t>(n);
      mask.voxels()[at] = is_nonzero(channels, at) ? 1 : 0;
    }
  });
  if (std::find(mask.voxels().begin(), mask.voxels().end(), 0) == mask.voxels().end()) return std::nullopt;
  fill_holes(mask);
  return mask;
}

}  // namespace hepar
