// SPDX-License-Identifier: Apache-2.0
#include "hepar/metrics/overlap.h"

#include <vector>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"

namespace hepar {
namespace {

double ratio(std::int64_t a, std::int64_t b) { return static_cast<double>(a) / static_cast<double>(b); }

Overlap count_slice(const std::uint8_t* prediction, const std::uint8_t* reference, std::int64_t voxels) {
  Overlap counts;
  for (std::int64_t n = 0; n < voxels; ++n) {
    const bool in_p = prediction[n] != 0, in_r = reference[n] != 0;
    counts.prediction += in_p;
    counts.reference += in_r;
    counts.common += in_p & in_r;
  }
  return counts;
}

}  // namespace

Overlap count_overlap(const Mask& prediction, const Mask& reference) {
  HEPAR_EXPECT(prediction.size() == reference.size(), "an overlap needs masks of one size");
  const Int3 size = prediction.size();
  std::vector<Overlap> slices(static_cast<std::size_t>(size.k));
  parallel_for(size.k, [&](std::int64_t k) {
    slices[static_cast<std::size_t>(k)] =
        count_slice(&prediction[{0, 0, k}], &reference[{0, 0, k}], size.i * size.j);
  });
  Overlap all;
  for (const Overlap& slice : slices) {
    all.common += slice.common;
    all.prediction += slice.prediction;
    all.reference += slice.reference;
  }
  return all;
}

std::optional<double> dice(const Overlap& overlap) {
  const std::int64_t sum = overlap.prediction + overlap.reference;
  if (sum == 0) return std::nullopt;
  return ratio(2 * overlap.common, sum);
}

std::optional<double> jaccard(const Overlap& overlap) {
  const std::int64_t either = overlap.prediction + overlap.reference - overlap.common;
  if (either == 0) return std::nullopt;
  return ratio(overlap.common, either);
}

std::optional<double> relative_volume_difference(const Overlap& overlap) {
  if (overlap.reference == 0) return std::nullopt;
  return ratio(overlap.prediction - overlap.reference, overlap.reference);
}

}  // namespace hepar
