// SPDX-License-Identifier: Apache-2.0
#include "hepar/report/slice_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <vector>

#include "hepar/core/error.h"
#include "hepar/report/html_text.h"
#include "hepar/report/svg_path.h"

namespace hepar {
namespace {

using Json = nlohmann::json;

void check(const ReportSliceStack& stack) {
  HEPAR_EXPECT(stack.width > 0 && stack.height > 0 && stack.pixel_width_mm > 0 && stack.pixel_height_mm > 0,
               fmt::format("slices of {} x {} pixels of {} x {} mm", stack.width, stack.height,
                           stack.pixel_width_mm, stack.pixel_height_mm));
  HEPAR_EXPECT(stack.first_shown < stack.slices.size(),
               fmt::format("slice {} of {} is to be shown", stack.first_shown, stack.slices.size()));
  for (const ReportSlice& slice : stack.slices) {
    for (const ReportOutline& outline : slice.outlines) {
      const bool known = std::any_of(kReportLayers.begin(), kReportLayers.end(),
                                     [&](const ReportLayer& layer) { return layer.name == outline.layer; });
      HEPAR_EXPECT(known, fmt::format("an outline of the layer {}", outline.layer));
    }
  }
}

std::string layer_path(const ReportSlice& slice, std::string_view layer) {
  std::string path;
  for (const ReportOutline& outline : slice.outlines) {
    if (outline.layer != layer) continue;
    for (const auto& loop : outline.loops) path += svg_path(loop, PathEnd::kClosed);
  }
  return path;
}

bool has_layer(const ReportSliceStack& stack, std::string_view layer) {
  return std::any_of(stack.slices.begin(), stack.slices.end(),
                     [&](const ReportSlice& slice) { return !layer_path(slice, layer).empty(); });
}

std::vector<std::string_view> layers_of(const ReportSliceStack& stack) {
  std::vector<std::string_view> layers;
  for (const ReportLayer& layer : kReportLayers) {
    if (has_layer(stack, layer.name)) layers.push_back(layer.name);
  }
  return layers;
}

// What lies over the picture, in mm: bar, R and L, with lettering of a 28th of the width.
std::string marks(double width_mm, double height_mm) {
  const int bar_mm = width_mm >= 100 ? 50 : 10;
  const double unit = width_mm / 28;
  const std::string y = short_number(height_mm - unit, 1), size = short_number(unit, 2);
  return fmt::format(
      "<g font-size=\"{0}\"><path class=\"scale\" d=\"M{0} {1}h{2}\"/><text x=\"{0}\" y=\"{3}\">{2} mm</text>"
      "<text x=\"{0}\" y=\"{4}\">R</text><text x=\"{5}\" y=\"{4}\" text-anchor=\"end\">L</text></g>",
      size, y, bar_mm, short_number(height_mm - 1.6 * unit, 1), short_number(height_mm / 2, 1),
      short_number(width_mm - unit, 1));
}

// Four corners around the lesion, a little off it, in pixels.
std::string frame(const ReportBox& box) {
  constexpr double kGap = 5, kCorner = 8;
  HEPAR_EXPECT(box.left <= box.right && box.top <= box.bottom, "a lesion's box is inside out");
  const double left = box.left - kGap, right = box.right + kGap, top = box.top - kGap,
               bottom = box.bottom + kGap;
  std::string path;
  for (const bool at_right : {false, true}) {
    for (const bool at_bottom : {false, true}) {
      const double x = at_right ? right : left, y = at_bottom ? bottom : top;
      const std::array<ReportPoint, 3> corner{
          {{x, at_bottom ? y - kCorner : y + kCorner}, {x, y}, {at_right ? x - kCorner : x + kCorner, y}}};
      path += svg_path(corner, PathEnd::kOpen);
    }
  }
  return fmt::format("<path class=\"frame\" d=\"{}\"/>", path);
}

std::string picture(const ReportSliceStack& stack, std::string_view id,
                    const std::vector<std::string_view>& layers) {
  const ReportSlice& slice = stack.slices[stack.first_shown];
  const double width_mm = stack.width * stack.pixel_width_mm,
               height_mm = stack.height * stack.pixel_height_mm;
  std::string paths;
  for (const std::string_view layer : layers) {
    paths += fmt::format("<path class=\"{}\" d=\"{}\"/>", layer, layer_path(slice, layer));
  }
  if (stack.lesion) paths += frame(*stack.lesion);
  return fmt::format(
      "<svg class=\"ct\" viewBox=\"0 0 {} {}\" role=\"img\" aria-labelledby=\"{}\"><g transform=\"scale({} "
      "{})\">"
      "<image width=\"{}\" height=\"{}\" preserveAspectRatio=\"none\" href=\"{}\"/>{}</g>{}</svg>",
      short_number(width_mm, 2), short_number(height_mm, 2), id, short_number(stack.pixel_width_mm, 5),
      short_number(stack.pixel_height_mm, 5), stack.width, stack.height,
      picture_uri(slice.media_type, slice.bytes), paths, marks(width_mm, height_mm));
}

std::string other_slices(const ReportSliceStack& stack, const std::vector<std::string_view>& layers) {
  Json slices = Json::array();
  for (std::size_t n = 0; n < stack.slices.size(); ++n) {
    const ReportSlice& slice = stack.slices[n];
    Json entry = Json::array();
    if (n != stack.first_shown) {
      entry = {valid_utf8(slice.label), picture_uri(slice.media_type, slice.bytes)};
      for (const std::string_view layer : layers) entry.push_back(layer_path(slice, layer));
    }
    slices.push_back(std::move(entry));
  }
  return json_element(slices.dump());
}

}  // namespace

std::string slice_view_html(const ReportSliceStack& stack, std::string_view id) {
  if (stack.slices.empty()) return {};
  check(stack);
  const std::vector<std::string_view> layers = layers_of(stack);
  const std::string label = escape_html(stack.slices[stack.first_shown].label);
  std::string slider, others;
  if (stack.slices.size() > 1) {
    slider = fmt::format(
        "<input type=\"range\" min=\"1\" max=\"{}\" value=\"{}\" aria-label=\"Slice\" aria-valuetext=\"{}\">",
        stack.slices.size(), stack.first_shown + 1, label);
    others = other_slices(stack, layers);
  }
  return fmt::format(
      "<figure class=\"view\">{}<div class=\"js\">{}<button type=\"button\" class=\"enlarge\" "
      "aria-pressed=\"false\">"
      "Enlarge</button></div><figcaption id=\"{}\">{}</figcaption>{}</figure>",
      picture(stack, id, layers), slider, id, label, others);
}

}  // namespace hepar
