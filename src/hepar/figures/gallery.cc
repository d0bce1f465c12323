// SPDX-License-Identifier: Apache-2.0
#include "hepar/figures/gallery.h"

#include <algorithm>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/figures/panel.h"
#include "hepar/figures/series.h"

namespace hepar {
namespace {

constexpr int kGap = 10, kTitleHeight = 40, kCaptionHeight = 42, kLegendHeight = 34;  // pixels
constexpr int kLeastWidth = 640;                                                      // of the legend
constexpr PictureColour kDimColour{0.62, 0.64, 0.66};

int column_count(std::size_t panels) { return panels <= 3 ? static_cast<int>(panels) : panels == 4 ? 2 : 3; }

PanelScale scale_of(const PlaneView& view, int columns) {
  constexpr int kPanelWidth[] = {760, 560, 440, 340};
  // A plane that is a thin strip must not make a picture of endless height.
  constexpr double kPanelHeight = 900;
  return {std::min(kPanelWidth[std::min(columns, 4) - 1] / view.width_mm, kPanelHeight / view.height_mm)};
}

struct Layout {
  int columns, rows, panel_width, panel_height;

  Layout(std::span<const SlicePanel> panels, int wanted_columns)
      : columns(wanted_columns > 0 ? std::min(wanted_columns, static_cast<int>(panels.size()))
                                   : column_count(panels.size())),
        rows((static_cast<int>(panels.size()) + columns - 1) / columns),
        panel_width(0),
        panel_height(0) {
    for (const SlicePanel& panel : panels) {
      const PanelScale scale = scale_of(panel.view, columns);
      panel_width = std::max(panel_width, scale.pixels(panel.view.width_mm));
      panel_height = std::max(panel_height, scale.pixels(panel.view.height_mm));
    }
  }
  int cell_width() const { return panel_width + kGap; }
  int cell_height() const { return panel_height + kCaptionHeight + kGap; }
  int width() const { return std::max(columns * cell_width() + kGap, kLeastWidth); }
  int legend_top() const { return kTitleHeight + rows * cell_height(); }
};

void draw_caption(cairo_t* cairo, const SlicePanel& panel, const Layout& layout) {
  const double y = layout.panel_height, width = layout.panel_width - 4;
  set_colour(cairo, kTextColour);
  cairo_set_font_size(cairo, 14);
  show_text(cairo, 2, y + 17, shortened(cairo, panel.caption, width));
  set_colour(cairo, kDimColour);
  cairo_set_font_size(cairo, 12);
  show_text(cairo, 2, y + 34, shortened(cairo, panel.sub_caption, width));
}

void draw_title(cairo_t* cairo, const std::string& title, int width) {
  const std::string disclaimer = "For research; not a medical device";
  cairo_set_font_size(cairo, 12);
  set_colour(cairo, kDimColour);
  const double right = width - kGap - 2 - text_width(cairo, disclaimer);
  show_text(cairo, right, 26, disclaimer);
  set_colour(cairo, kTextColour);
  cairo_set_font_size(cairo, 17);
  show_text(cairo, kGap + 2, 26, shortened(cairo, title, right - 2 * kGap));
}

std::vector<LegendEntry> make_legend(std::span<const SlicePanel> panels) {
  const auto any = [&](auto has) { return std::any_of(panels.begin(), panels.end(), has); };
  std::vector<LegendEntry> entries{{"liver", kLiverLine, {}}};
  if (any([](const SlicePanel& panel) { return panel.after.has_value(); })) {
    entries.push_back({"tumour before the filter", kBeforeLine, {}});
    entries.push_back({"tumour after", kAfterLine, {}});
  } else {
    entries.push_back({"predicted tumour", kBeforeLine, {}});
  }
  entries.push_back({"cyst", kCystLine, {}});
  if (any([](const SlicePanel& panel) { return panel.reference.has_value(); })) {
    entries.push_back({"manual", kReferenceLine, {}});
  }
  return entries;
}

}  // namespace

std::string draw_gallery(const std::string& title, std::span<const SlicePanel> panels, PictureFormat format,
                         int columns) {
  HEPAR_EXPECT(!panels.empty(), "a gallery without panels");
  const Layout layout(panels, columns);
  Canvas canvas(format, layout.width(), layout.legend_top() + kLegendHeight, kRimColour);
  cairo_t* cairo = canvas.cairo();
  draw_title(cairo, title, layout.width());
  for (std::size_t n = 0; n < panels.size(); ++n) {
    const int column = static_cast<int>(n) % layout.columns, row = static_cast<int>(n) / layout.columns;
    cairo_save(cairo);
    cairo_translate(cairo, kGap + column * layout.cell_width(), kTitleHeight + row * layout.cell_height());
    draw_panel(cairo, panels[n], scale_of(panels[n].view, layout.columns));
    draw_caption(cairo, panels[n], layout);
    cairo_restore(cairo);
  }
  cairo_set_font_size(cairo, 12);
  draw_legend(cairo, kGap + 2, layout.legend_top() + 19, layout.width() - 2 * kGap, make_legend(panels),
              kTextColour);
  return canvas.finish();
}

void write_gallery(const std::filesystem::path& path, const std::string& title,
                   std::span<const SlicePanel> panels, int columns) {
  write_text_file(path, draw_gallery(title, panels, picture_format(path), columns));
}

}  // namespace hepar
