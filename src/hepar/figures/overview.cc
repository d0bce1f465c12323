// SPDX-License-Identifier: Apache-2.0
#include "hepar/figures/overview.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "hepar/figures/gallery.h"
#include "hepar/figures/panel.h"

namespace hepar {
namespace {

constexpr std::size_t kMaxPanels = 6;
constexpr double kMarginMm = 15;         // around what is labelled
constexpr double kSmallestViewMm = 160;  // enough of the surroundings to know where one is

std::vector<const OverviewLesion*> largest_lesions(const std::vector<OverviewLesion>& lesions) {
  std::vector<const OverviewLesion*> largest;
  for (const OverviewLesion& lesion : lesions) largest.push_back(&lesion);
  std::stable_sort(largest.begin(), largest.end(), [](const OverviewLesion* a, const OverviewLesion* b) {
    return a->volume_ml > b->volume_ml;
  });
  if (largest.size() > kMaxPanels) largest.resize(kMaxPanels);
  return largest;
}

SlicePanel lesion_panel(const CtVolume& ct, const SliceLabels& labels, const OverviewLesion& lesion) {
  // A sphere of the same volume; 1 mL is 1000 mm^3.
  const double radius_mm = std::cbrt(3000 * lesion.volume_ml / (4 * std::numbers::pi));
  SlicePanel panel = make_slice_panel(ct, labels, lesion.centroid_lps_mm, radius_mm);
  panel.caption =
      fmt::format("lesion {}: {:.{}f} mL", lesion.id, lesion.volume_ml, lesion.volume_ml < 10 ? 2 : 1);
  if (!lesion.note.empty()) panel.caption += ", " + lesion.note;
  return panel;
}

// The middle slice when nothing is labelled.
std::int64_t slice_with_most_liver(const LabelMap& labels, const AxisOrder& order, std::int64_t slice_count) {
  std::int64_t best = slice_count / 2, most = 0;
  for (std::int64_t slice = 0; slice < slice_count; ++slice) {
    const AxialPlane<std::uint8_t> plane = axial_plane(labels, order, slice);
    const auto none = std::count(plane.pixels.begin(), plane.pixels.end(), kBackground);
    const std::int64_t labelled = static_cast<std::int64_t>(plane.pixels.size()) - none;
    if (labelled > most) best = slice, most = labelled;
  }
  return best;
}

SlicePanel liver_panel(const CtVolume& ct, const SliceLabels& labels) {
  check_grid(ct, labels.after);
  const AxisOrder order = axis_order_for(ct.geometry(), "LPS");
  const Geometry lps = reorient(ct.geometry(), order);
  const std::int64_t slice = slice_with_most_liver(*labels.after, order, lps.size.k);
  SlicePanel panel =
      make_slice_panel(ct, labels, lps.world_from_index({0, 0, static_cast<double>(slice)}), std::nullopt);
  panel.caption = "no lesion: the slice with the most liver";
  return panel;
}

// Pixels of the panels that carry a label, as a box in millimetres; the whole plane when there is none.
std::pair<PlaneRange, PlaneRange> labelled_extent(const std::vector<SlicePanel>& panels) {
  const AxialPlane<float>& plane = panels.front().ct;
  std::int64_t left = plane.width, right = 0, top = plane.height, bottom = 0;
  const auto widen = [&](const AxialPlane<std::uint8_t>& labels) {
    for (std::int64_t y = 0; y < labels.height; ++y) {
      for (std::int64_t x = 0; x < labels.width; ++x) {
        if (labels.at(x, y) == kBackground) continue;
        left = std::min(left, x), right = std::max(right, x + 1);
        top = std::min(top, y), bottom = std::max(bottom, y + 1);
      }
    }
  };
  for (const SlicePanel& panel : panels) {
    widen(panel.before);
    if (panel.after) widen(*panel.after);
    if (panel.reference) widen(*panel.reference);
  }
  if (left >= right) left = 0, right = plane.width, top = 0, bottom = plane.height;
  const auto mm = [](std::int64_t n, double spacing_mm) { return static_cast<double>(n) * spacing_mm; };
  const double width_mm = panels.front().pixel_width_mm, height_mm = panels.front().pixel_height_mm;
  return {{mm(left, width_mm) - kMarginMm, mm(right, width_mm) + kMarginMm},
          {mm(top, height_mm) - kMarginMm, mm(bottom, height_mm) + kMarginMm}};
}

// One view for all panels, so that they can be compared.
PlaneView common_view(const std::vector<SlicePanel>& panels) {
  const SlicePanel& first = panels.front();
  const double width_mm = static_cast<double>(first.ct.width) * first.pixel_width_mm;
  const double height_mm = static_cast<double>(first.ct.height) * first.pixel_height_mm;
  auto [x, y] = labelled_extent(panels);
  x = fit_range(x, std::max(kSmallestViewMm, 0.8 * (y.high_mm - y.low_mm)), width_mm);
  y = fit_range(y, std::max(kSmallestViewMm, 0.6 * (x.high_mm - x.low_mm)), height_mm);
  return {x.low_mm, y.low_mm, x.high_mm - x.low_mm, y.high_mm - y.low_mm};
}

}  // namespace

void write_overview_png(const std::filesystem::path& path, const CtVolume& ct, const LabelMap& before,
                        const LabelMap& after, const OverviewOptions& options) {
  const SliceLabels labels{&before, &after, options.reference};
  std::vector<SlicePanel> panels;
  for (const OverviewLesion* lesion : largest_lesions(options.lesions)) {
    panels.push_back(lesion_panel(ct, labels, *lesion));
  }
  if (panels.empty()) panels.push_back(liver_panel(ct, labels));
  const PlaneView view = common_view(panels);
  for (SlicePanel& panel : panels) panel.view = view;
  write_gallery(path, options.title, panels);
}

}  // namespace hepar
