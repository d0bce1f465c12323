// SPDX-License-Identifier: Apache-2.0
#include "hepar/metrics/region_mask.h"

#include <array>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/imaging/box.h"

namespace hepar {
namespace {

Mask mask_in_box(const LabelMap& map, const Box3& box, std::span<const std::uint8_t> labels) {
  Mask mask = crop(map, box);
  std::array<std::uint8_t, 256> inside{};
  for (const std::uint8_t label : labels) inside[label] = 1;
  const std::int64_t slice = mask.size().i * mask.size().j;
  parallel_for(mask.size().k, [&](std::int64_t k) {
    std::uint8_t* const voxels = &mask[{0, 0, k}];
    for (std::int64_t n = 0; n < slice; ++n) voxels[n] = inside[voxels[n]];
  });
  return mask;
}

}  // namespace

std::optional<RegionMasks> region_masks(const LabelMap& prediction, const LabelMap& reference,
                                        std::span<const std::uint8_t> labels) {
  if (const auto difference = grid_difference(prediction.geometry(), reference.geometry())) {
    throw Error(ErrorCode::kInvalidInput, "the prediction is not on the reference's grid: " + *difference +
                                              "; resample one of them first");
  }
  for (const std::uint8_t label : labels)
    HEPAR_EXPECT(label != kBackground, "the background is no structure");
  const auto a = bounding_box(prediction), b = bounding_box(reference);
  if (!a && !b) return std::nullopt;
  const Box3 around = enclosing_box(a ? *a : *b, b ? *b : *a);
  const Box3 box{around.low - Int3{1, 1, 1}, around.high + Int3{1, 1, 1}};
  return RegionMasks{mask_in_box(prediction, box, labels), mask_in_box(reference, box, labels)};
}

}  // namespace hepar
