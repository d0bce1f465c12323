// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>

#include "hepar/figures/canvas.h"
#include "hepar/figures/slice_panel.h"

namespace hepar {

inline constexpr PictureColour kTextColour{0.93, 0.93, 0.93}, kRimColour{0.07, 0.08, 0.09};

// How outlines are drawn, told apart by width and dashes too. The manual one comes last: its gaps show what
// lies below.
inline constexpr LineStyle kLiverLine{{0.96, 0.87, 0.45}, 1.0}, kBeforeLine{{0.0, 0.80, 0.20}, 4.4},
    kAfterLine{{0.10, 0.35, 1.0}, 1.7}, kCystLine{{1.0, 0.60, 0.0}, 2.2, Dash::kShort},
    kReferenceLine{{1.0, 0.15, 0.15}, 1.8, Dash::kLong};

// Throws Error(kInvalidInput) unless the map, if there is one, lies on the grid of `ct`.
void check_grid(const CtVolume& ct, const LabelMap* labels);

struct PlaneRange {
  double low_mm = 0, high_mm = 0;
};
// Widens to at least `smallest`, then moves and cuts it so that it lies within [0, limit].
PlaneRange fit_range(PlaneRange range, double smallest_mm, double limit_mm);

// The scale of a panel, and its size in whole pixels.
struct PanelScale {
  double pixels_per_mm = 1;
  int pixels(double mm) const { return static_cast<int>(std::lround(mm * pixels_per_mm)); }
};

// Draws one slice with its outlines, marks of side and a 50 mm scale bar; (0,0) is the panel's top left.
void draw_panel(cairo_t* cairo, const SlicePanel& panel, PanelScale scale);

}  // namespace hepar
