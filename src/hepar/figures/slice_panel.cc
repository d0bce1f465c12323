// SPDX-License-Identifier: Apache-2.0
#include "hepar/figures/slice_panel.h"

#include <fmt/format.h>

#include <algorithm>

#include "hepar/core/error.h"
#include "hepar/figures/panel.h"

namespace hepar {
namespace {

std::string place_of(const Geometry& lps, std::int64_t slice) {
  const Vec3 centre{static_cast<double>(lps.size.i - 1) / 2, static_cast<double>(lps.size.j - 1) / 2,
                    static_cast<double>(slice)};
  return fmt::format("z {:.1f} mm, slice {} of {} from the feet", lps.world_from_index(centre).z, slice + 1,
                     lps.size.k);
}

}  // namespace

void check_grid(const CtVolume& ct, const LabelMap* labels) {
  if (labels == nullptr) return;
  if (const auto difference = grid_difference(labels->geometry(), ct.geometry())) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("the labels to be shown are not on the CT's grid: {}", *difference));
  }
}

SlicePanel make_slice_panel(const CtVolume& ct, const SliceLabels& labels, Vec3 at_lps_mm,
                            std::optional<double> mark_radius_mm, double view_mm) {
  HEPAR_EXPECT(labels.before != nullptr && view_mm > 0, "a slice panel without labels or view");
  for (const LabelMap* map : {labels.before, labels.after, labels.reference}) check_grid(ct, map);
  const AxisOrder order = axis_order_for(ct.geometry(), "LPS");
  const Geometry lps = reorient(ct.geometry(), order);
  const Vec3 index = lps.index_from_world(at_lps_mm);
  const auto slice = std::clamp<std::int64_t>(std::llround(index.z), 0, lps.size.k - 1);
  const double x_mm = (index.x + 0.5) * lps.spacing_mm.x, y_mm = (index.y + 0.5) * lps.spacing_mm.y;

  SlicePanel panel;
  panel.sub_caption = place_of(lps, slice);
  panel.pixel_width_mm = lps.spacing_mm.x;
  panel.pixel_height_mm = lps.spacing_mm.y;
  panel.ct = axial_plane(ct, order, slice);
  panel.before = axial_plane(*labels.before, order, slice);
  if (labels.after != nullptr) panel.after = axial_plane(*labels.after, order, slice);
  if (labels.reference != nullptr) panel.reference = axial_plane(*labels.reference, order, slice);
  if (mark_radius_mm) panel.mark = PlaneMark{x_mm, y_mm, *mark_radius_mm};
  const PlaneRange x = fit_range({x_mm, x_mm}, view_mm, static_cast<double>(lps.size.i) * lps.spacing_mm.x);
  const PlaneRange y = fit_range({y_mm, y_mm}, view_mm, static_cast<double>(lps.size.j) * lps.spacing_mm.y);
  panel.view = {x.low_mm, y.low_mm, x.high_mm - x.low_mm, y.high_mm - y.low_mm};
  return panel;
}

}  // namespace hepar
