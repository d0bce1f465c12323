// SPDX-License-Identifier: Apache-2.0
#include "hepar/lesion/tumour_growth.h"

#include <algorithm>

#include "hepar/imaging/morphology.h"

namespace hepar {

TumourGrowth grow_tumour(LabelMap& labels, const LesionFilterOptions& options, bool has_liver) {
  TumourGrowth growth;
  Mask tumour(labels.geometry());
  std::transform(labels.voxels().begin(), labels.voxels().end(), tumour.voxels().begin(),
                 [](std::uint8_t label) { return static_cast<std::uint8_t>(label == kTumour); });
  const auto keep_to_free_voxels = [&](Mask& mask) {
    for (std::size_t n = 0; n < mask.voxels().size(); ++n) {
      const std::uint8_t label = labels.voxels()[n];
      const bool free =
          label == kTumour || label == kLiver || (label == kBackground && !options.grow_in_liver_only);
      if (!free) mask.voxels()[n] = 0;
    }
  };
  if (options.close_mm > 0) {
    tumour = closing(tumour, options.close_mm);
    keep_to_free_voxels(tumour);
  }
  if (options.open_mm > 0) {
    tumour = opening(tumour, options.open_mm);
    growth.opened = Mask(labels.geometry());
    const std::uint8_t freed = has_liver ? kLiver : kBackground;
    for (std::size_t n = 0; n < labels.voxels().size(); ++n) {
      std::uint8_t& label = labels.voxels()[n];
      if (label != kTumour || tumour.voxels()[n] != 0) continue;
      growth.opened.voxels()[n] = 1;
      label = freed;
    }
  }
  if (options.expand_mm > 0) {
    tumour = dilate(tumour, options.expand_mm);
    keep_to_free_voxels(tumour);
  }
  for (std::size_t n = 0; n < labels.voxels().size(); ++n) {
    std::uint8_t& label = labels.voxels()[n];
    if (tumour.voxels()[n] == 0 || label == kTumour) continue;
    label = kTumour;
    if (options.open_mm > 0 && growth.opened.voxels()[n] != 0) {
      growth.opened.voxels()[n] = 0;  // the expansion won it back
    } else {
      ++growth.added_voxels;
    }
  }
  return growth;
}

}  // namespace hepar
