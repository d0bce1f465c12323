// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "hepar/figures/axial_plane.h"
#include "hepar/volume/volume.h"

namespace hepar {

// The label maps of a case: 0 background, 1 liver, 2 tumour, 3 cyst, on the grid of its CT.
struct SliceLabels {
  const LabelMap* before = nullptr;     // predicted; never null
  const LabelMap* after = nullptr;      // filtered; null: there was no filter
  const LabelMap* reference = nullptr;  // manual; null: there is none
};

// A rectangle of a plane in millimetres: (0,0) is the corner of pixel (0,0), see AxialPlane.
struct PlaneView {
  double left_mm = 0, top_mm = 0, width_mm = 0, height_mm = 0;
};
struct PlaneMark {
  double x_mm = 0, y_mm = 0, radius_mm = 0;
};

// One slice of a case, cut out, so that pictures of many cases need the volumes of one at a time.
struct SlicePanel {
  std::string caption, sub_caption;  // below the slice; an id of ours, never patient data
  double pixel_width_mm = 1, pixel_height_mm = 1;
  AxialPlane<float> ct;  // Hounsfield units
  AxialPlane<std::uint8_t> before;
  std::optional<AxialPlane<std::uint8_t>> after, reference;
  PlaneView view;                 // what is shown of it
  std::optional<PlaneMark> mark;  // four corners around a lesion
};

// The axial slice through a place, or the nearest one, with a view of it: a square of `view_mm` around the
// place, moved into the plane and cut where that is smaller. The sub-caption tells where the slice lies.
// Throws Error(kInvalidInput) when a map is not on the grid of `ct`.
SlicePanel make_slice_panel(const CtVolume& ct, const SliceLabels& labels, Vec3 at_lps_mm,
                            std::optional<double> mark_radius_mm, double view_mm = 160);

}  // namespace hepar
