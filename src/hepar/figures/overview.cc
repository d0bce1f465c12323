// SPDX-License-Identifier: Apache-2.0
#include "hepar/figures/overview.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "hepar/core/error.h"
#include "hepar/figures/canvas.h"
#include "hepar/figures/panel.h"

namespace hepar {
namespace {

constexpr std::size_t kMaxPanels = 6;
constexpr double kMarginMm = 15;         // around what is labelled
constexpr double kSmallestViewMm = 160;  // enough of the surroundings to know where one is
constexpr int kGap = 10, kTitleHeight = 40, kCaptionHeight = 42, kLegendHeight = 34;  // pixels

struct Panel {
  std::int64_t slice = 0;                  // from the feet
  const OverviewLesion* lesion = nullptr;  // none: the slice with the most liver
  PanelContent content;
};

// Chooses the slices and cuts them out of the volumes.
class PanelMaker {
 public:
  PanelMaker(const CtVolume& ct, const LabelMap& before, const LabelMap& after, const LabelMap* reference)
      : ct_(ct),
        before_(before),
        after_(after),
        reference_(reference),
        order_(axis_order_for(ct.geometry(), "LPS")),
        lps_(reorient(ct.geometry(), order_)) {}

  const Geometry& lps() const { return lps_; }

  std::vector<Panel> make(const std::vector<OverviewLesion>& lesions) const {
    std::vector<const OverviewLesion*> largest;
    for (const OverviewLesion& lesion : lesions) largest.push_back(&lesion);
    std::stable_sort(largest.begin(), largest.end(), [](const OverviewLesion* a, const OverviewLesion* b) {
      return a->volume_ml > b->volume_ml;
    });
    if (largest.size() > kMaxPanels) largest.resize(kMaxPanels);
    std::vector<Panel> panels;
    for (const OverviewLesion* lesion : largest) panels.push_back(make_panel(lesion));
    if (panels.empty()) panels.push_back(make_panel(nullptr));
    return panels;
  }

 private:
  Panel make_panel(const OverviewLesion* lesion) const {
    Panel panel{0, lesion, {}};
    PanelContent& content = panel.content;
    content.pixel_width_mm = lps_.spacing_mm.x;
    content.pixel_height_mm = lps_.spacing_mm.y;
    if (lesion != nullptr) {
      const Vec3 index = lps_.index_from_world(lesion->centroid_lps_mm);
      // A sphere of the same volume; 1 mL is 1000 mm^3.
      const double radius_mm = std::cbrt(3000 * lesion->volume_ml / (4 * std::numbers::pi));
      panel.slice = std::clamp<std::int64_t>(std::llround(index.z), 0, lps_.size.k - 1);
      content.mark =
          PanelMark{(index.x + 0.5) * lps_.spacing_mm.x, (index.y + 0.5) * lps_.spacing_mm.y, radius_mm};
    } else {
      panel.slice = slice_with_most_liver();
    }
    content.ct = axial_plane(ct_, order_, panel.slice);
    content.before = axial_plane(before_, order_, panel.slice);
    content.after = axial_plane(after_, order_, panel.slice);
    if (reference_ != nullptr) content.reference = axial_plane(*reference_, order_, panel.slice);
    return panel;
  }

  // The middle slice when nothing is labelled.
  std::int64_t slice_with_most_liver() const {
    std::int64_t best = lps_.size.k / 2, most = 0;
    for (std::int64_t slice = 0; slice < lps_.size.k; ++slice) {
      const AxialPlane<std::uint8_t> plane = axial_plane(after_, order_, slice);
      const auto none = std::count(plane.pixels.begin(), plane.pixels.end(), kBackground);
      const std::int64_t labelled = static_cast<std::int64_t>(plane.pixels.size()) - none;
      if (labelled > most) best = slice, most = labelled;
    }
    return best;
  }

  const CtVolume& ct_;
  const LabelMap &before_, &after_;
  const LabelMap* reference_;
  AxisOrder order_;
  Geometry lps_;
};

struct Range {
  double low = 0, high = 0;
};

// Widens to at least `smallest`, then moves and cuts it so that it lies within [0, limit].
Range fit_range(Range range, double smallest, double limit) {
  const double missing = std::max(0.0, smallest - (range.high - range.low));
  range = {range.low - missing / 2, range.high + missing / 2};
  const double length = std::min(range.high - range.low, limit);
  range.low = std::clamp(range.low, 0.0, limit - length);
  return {range.low, range.low + length};
}

// Pixels of the panels that carry a label, as a box in millimetres; the whole plane when there is none.
std::pair<Range, Range> labelled_extent(const std::vector<Panel>& panels, const Geometry& lps) {
  std::int64_t left = lps.size.i, right = 0, top = lps.size.j, bottom = 0;
  const auto widen = [&](const AxialPlane<std::uint8_t>& plane) {
    for (std::int64_t y = 0; y < plane.height; ++y) {
      for (std::int64_t x = 0; x < plane.width; ++x) {
        if (plane.at(x, y) == kBackground) continue;
        left = std::min(left, x), right = std::max(right, x + 1);
        top = std::min(top, y), bottom = std::max(bottom, y + 1);
      }
    }
  };
  for (const Panel& panel : panels) {
    widen(panel.content.before);
    widen(panel.content.after);
    if (panel.content.reference) widen(*panel.content.reference);
  }
  if (left >= right) left = 0, right = lps.size.i, top = 0, bottom = lps.size.j;
  const auto mm = [](std::int64_t n, double spacing_mm) { return static_cast<double>(n) * spacing_mm; };
  return {{mm(left, lps.spacing_mm.x) - kMarginMm, mm(right, lps.spacing_mm.x) + kMarginMm},
          {mm(top, lps.spacing_mm.y) - kMarginMm, mm(bottom, lps.spacing_mm.y) + kMarginMm}};
}

int column_count(std::size_t panels) { return panels <= 3 ? static_cast<int>(panels) : panels == 4 ? 2 : 3; }

// One view for all panels, so that they can be compared.
Viewport make_viewport(const std::vector<Panel>& panels, const Geometry& lps) {
  const double width_mm = static_cast<double>(lps.size.i) * lps.spacing_mm.x;
  const double height_mm = static_cast<double>(lps.size.j) * lps.spacing_mm.y;
  auto [x, y] = labelled_extent(panels, lps);
  x = fit_range(x, std::max(kSmallestViewMm, 0.8 * (y.high - y.low)), width_mm);
  y = fit_range(y, std::max(kSmallestViewMm, 0.6 * (x.high - x.low)), height_mm);
  constexpr int kPanelWidth[] = {760, 560, 440};  // pixels, by the number of columns
  // A plane that is a thin strip must not make a picture of endless height.
  constexpr double kPanelHeight = 900;
  const double wide = kPanelWidth[column_count(panels.size()) - 1] / (x.high - x.low);
  return {x.low, y.low, x.high - x.low, y.high - y.low, std::min(wide, kPanelHeight / (y.high - y.low))};
}

void draw_caption(cairo_t* cairo, const Panel& panel, const Geometry& lps, double y) {
  set_colour(cairo, kTextColour);
  cairo_set_font_size(cairo, 14);
  const OverviewLesion* lesion = panel.lesion;
  std::string text = "no lesion: the slice with the most liver";
  if (lesion != nullptr) {
    text =
        fmt::format("lesion {}: {:.{}f} mL", lesion->id, lesion->volume_ml, lesion->volume_ml < 10 ? 2 : 1);
    if (!lesion->note.empty()) text += ", " + lesion->note;
  }
  show_text(cairo, 2, y + 17, text);
  set_colour(cairo, kDimColour);
  cairo_set_font_size(cairo, 12);
  const Vec3 centre{static_cast<double>(lps.size.i - 1) / 2, static_cast<double>(lps.size.j - 1) / 2,
                    static_cast<double>(panel.slice)};
  show_text(cairo, 2, y + 34,
            fmt::format("z {:.1f} mm, slice {} of {} from the feet", lps.world_from_index(centre).z,
                        panel.slice + 1, lps.size.k));
}

void draw_title(cairo_t* cairo, const std::string& title, int width) {
  set_colour(cairo, kTextColour);
  cairo_set_font_size(cairo, 17);
  show_text(cairo, kGap + 2, 26, title);
  cairo_set_font_size(cairo, 12);
  set_colour(cairo, kDimColour);
  const std::string disclaimer = "For research; not a medical device";
  show_text(cairo, width - kGap - 2 - text_width(cairo, disclaimer), 26, disclaimer);
}

void draw_legend(cairo_t* cairo, bool with_reference, double y) {
  std::vector<std::pair<LineStyle, const char*>> entries{{kLiverLine, "liver"},
                                                         {kBeforeLine, "tumour before the filter"},
                                                         {kAfterLine, "tumour after"},
                                                         {kCystLine, "cyst"}};
  if (with_reference) entries.emplace_back(kReferenceLine, "manual");
  cairo_set_font_size(cairo, 12);
  double x = kGap + 2;
  for (const auto& [style, text] : entries) {
    set_line(cairo, style);
    cairo_move_to(cairo, x, y + 14.5);
    cairo_line_to(cairo, x + 26, y + 14.5);
    cairo_stroke(cairo);
    set_colour(cairo, kTextColour);
    show_text(cairo, x + 32, y + 19, text);
    x += 32 + text_width(cairo, text) + 22;
  }
}

void check_grid(const CtVolume& ct, const LabelMap& labels) {
  if (const auto difference = grid_difference(labels.geometry(), ct.geometry())) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("the labels to be shown are not on the CT's grid: {}", *difference));
  }
}

}  // namespace

void write_overview_png(const std::filesystem::path& path, const CtVolume& ct, const LabelMap& before,
                        const LabelMap& after, const OverviewOptions& options) {
  check_grid(ct, before);
  check_grid(ct, after);
  if (options.reference != nullptr) check_grid(ct, *options.reference);
  const PanelMaker maker(ct, before, after, options.reference);
  const std::vector<Panel> panels = maker.make(options.lesions);
  const Viewport viewport = make_viewport(panels, maker.lps());

  const int columns = column_count(panels.size());
  const int rows = (static_cast<int>(panels.size()) + columns - 1) / columns;
  const int cell_width = viewport.width_pixels() + kGap;
  const int cell_height = viewport.height_pixels() + kCaptionHeight + kGap;
  constexpr int kLegendWidth = 640;
  const int width = std::max(columns * cell_width + kGap, kLegendWidth);
  const int height = kTitleHeight + rows * cell_height + kLegendHeight;
  Canvas canvas(path, width, height);
  cairo_t* cairo = canvas.cairo();
  set_colour(cairo, kRimColour);
  cairo_paint(cairo);
  draw_title(cairo, options.title, width);
  for (std::size_t n = 0; n < panels.size(); ++n) {
    const int column = static_cast<int>(n) % columns, row = static_cast<int>(n) / columns;
    cairo_save(cairo);
    cairo_translate(cairo, kGap + column * cell_width, kTitleHeight + row * cell_height);
    draw_panel(cairo, panels[n].content, viewport);
    draw_caption(cairo, panels[n], maker.lps(), viewport.height_pixels());
    cairo_restore(cairo);
  }
  draw_legend(cairo, options.reference != nullptr, kTitleHeight + rows * cell_height);
  canvas.save();
}

}  // namespace hepar
