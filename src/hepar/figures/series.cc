// SPDX-License-Identifier: Apache-2.0
#include "hepar/figures/series.h"

#include <algorithm>
#include <numbers>

namespace hepar {
namespace {

constexpr double kSampleWidth = 26, kSampleGap = 6, kEntryGap = 22;  // pixels
constexpr double kMarkRadius = 3.5;

std::string entry_name(cairo_t* cairo, const LegendEntry& entry, double width) {
  return shortened(cairo, entry.name, width - kSampleWidth - kSampleGap);
}

struct EntryPlace {
  double x = 0;
  int line = 0;
};
std::vector<EntryPlace> place_entries(cairo_t* cairo, double width, const std::vector<LegendEntry>& entries) {
  std::vector<EntryPlace> places;
  EntryPlace next;
  for (const LegendEntry& entry : entries) {
    const double needed = kSampleWidth + kSampleGap + text_width(cairo, entry_name(cairo, entry, width));
    if (next.x > 0 && next.x + needed > width) next = {0, next.line + 1};
    places.push_back(next);
    next.x += needed + kEntryGap;
  }
  return places;
}

void draw_sample(cairo_t* cairo, const LegendEntry& entry, double x, double y) {
  if (const auto* area = std::get_if<AreaStyle>(&entry.style)) {
    const PictureArea sample{x, y - 10, kSampleWidth, 11};
    fill_areas(cairo, {&sample, 1}, *area);
    return;
  }
  const double middle = y - 4.5;  // of small letters, so that fine lines fall on whole pixels
  set_line(cairo, std::get<LineStyle>(entry.style));
  draw_line(cairo, x, middle, x + kSampleWidth, middle);
  if (entry.mark) {
    add_mark(cairo, *entry.mark, x + kSampleWidth / 2, middle);
    cairo_fill(cairo);
  }
}

// Lines of slope 1 (or -1) across the area, which is the clip.
void hatch(cairo_t* cairo, const PictureArea& area, bool up) {
  constexpr double kDistance = 6;
  const double start = up ? area.bottom() : area.top, end = up ? area.top : area.bottom();
  for (double x = area.left - area.height; x < area.right(); x += kDistance) {
    cairo_move_to(cairo, x, start);
    cairo_line_to(cairo, x + area.height, end);
  }
}

}  // namespace

LineStyle series_line(std::size_t n) {
  const std::size_t colours = kSeriesColours.size();
  return {kSeriesColours[n % colours], 2.0, n / colours % 2 == 1 ? Dash::kShort : Dash::kNone};
}

void add_mark(cairo_t* cairo, std::size_t n, double x, double y) {
  constexpr double r = kMarkRadius;
  cairo_new_sub_path(cairo);
  switch (n % 4) {
    case 0:
      cairo_arc(cairo, x, y, r, 0, 2 * std::numbers::pi);
      break;
    case 1:
      cairo_rectangle(cairo, x - 0.9 * r, y - 0.9 * r, 1.8 * r, 1.8 * r);
      break;
    case 2:
      cairo_move_to(cairo, x, y - 1.3 * r);
      cairo_line_to(cairo, x + 1.25 * r, y + r);
      cairo_line_to(cairo, x - 1.25 * r, y + r);
      break;
    default:
      cairo_move_to(cairo, x, y - 1.4 * r);
      cairo_line_to(cairo, x + 1.4 * r, y);
      cairo_line_to(cairo, x, y + 1.4 * r);
      cairo_line_to(cairo, x - 1.4 * r, y);
  }
  cairo_close_path(cairo);
}

AreaStyle series_area(std::size_t n) {
  return {kSeriesColours[n % kSeriesColours.size()], n % 2 == 1, n % 4 >= 2};
}

void fill_areas(cairo_t* cairo, std::span<const PictureArea> areas, const AreaStyle& style) {
  cairo_save(cairo);
  for (const PictureArea& area : areas) {
    cairo_rectangle(cairo, area.left, area.top, area.width, area.height);
  }
  set_colour(cairo, style.colour);
  cairo_fill_preserve(cairo);
  double left = 0, top = 0, right = 0, bottom = 0;
  cairo_path_extents(cairo, &left, &top, &right, &bottom);
  cairo_clip(cairo);
  const PictureArea all{left, top, right - left, bottom - top};
  if (style.hatched_up) hatch(cairo, all, true);
  if (style.hatched_down) hatch(cairo, all, false);
  set_line(cairo, {{1, 1, 1}, 1.3});
  cairo_stroke(cairo);
  cairo_restore(cairo);
}

int legend_lines(cairo_t* cairo, double width, const std::vector<LegendEntry>& entries) {
  return entries.empty() ? 0 : place_entries(cairo, width, entries).back().line + 1;
}

void draw_legend(cairo_t* cairo, double left, double y, double width, const std::vector<LegendEntry>& entries,
                 PictureColour text_colour) {
  const std::vector<EntryPlace> places = place_entries(cairo, width, entries);
  for (std::size_t n = 0; n < entries.size(); ++n) {
    const double x = left + places[n].x, line_y = y + places[n].line * kLegendLineHeight;
    draw_sample(cairo, entries[n], x, line_y);
    set_colour(cairo, text_colour);
    show_text(cairo, x + kSampleWidth + kSampleGap, line_y, entry_name(cairo, entries[n], width));
  }
}

}  // namespace hepar
