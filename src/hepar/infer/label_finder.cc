// SPDX-License-Identifier: Apache-2.0
#include "hepar/infer/label_finder.h"

#include <algorithm>

#include "hepar/core/error.h"

namespace hepar {

LabelFinder::LabelFinder(const DatasetLabels& labels, std::span<const int> wanted)
    : has_regions_(labels.has_regions()) {
  for (std::int64_t head = 0; head < labels.heads(); ++head) {
    const int written =
        has_regions_ ? labels.regions_class_order[static_cast<std::size_t>(head)] : static_cast<int>(head);
    wanted_.push_back(std::find(wanted.begin(), wanted.end(), written) != wanted.end());
  }
}

void LabelFinder::find(std::span<const float> logits, std::span<std::uint8_t> found) const {
  const std::size_t voxels = found.size();
  HEPAR_EXPECT(logits.size() == voxels * wanted_.size(), "logits of other heads than the labels'");
  std::fill(found.begin(), found.end(), std::uint8_t{0});
  if (has_regions_) {
    for (std::size_t head = 0; head < wanted_.size(); ++head) {
      if (!wanted_[head]) continue;
      const auto plane = logits.subspan(head * voxels, voxels);
      for (std::size_t v = 0; v < voxels; ++v) found[v] = plane[v] > 0 ? std::uint8_t{1} : found[v];
    }
    return;
  }
  for (std::size_t v = 0; v < voxels; ++v) {
    std::size_t best = 0;
    for (std::size_t head = 1; head < wanted_.size(); ++head)
      if (logits[head * voxels + v] > logits[best * voxels + v]) best = head;
    found[v] = wanted_[best] ? 1 : 0;
  }
}

}  // namespace hepar
