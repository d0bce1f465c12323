// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>

#include "hepar/report/document.h"

namespace hepar {

enum class PathEnd { kOpen, kClosed };

// The `d` of an SVG path through the points, in relative commands and as short as it gets without loss: each
// point is rounded to 0.1 by itself, so errors don't add up, points that repeat or lie on a straight stretch
// are left out. No points give no text. SVG 1.1, section 8.3.9 (a number ends where the next can only begin).
std::string svg_path(std::span<const ReportPoint> points, PathEnd end);

}  // namespace hepar
