// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "hepar/report/document.h"

namespace hepar {

// The layers of ReportOutline from the bottom up; the n-th one is toggled by the key n + 1.
struct ReportLayer {
  std::string_view name, label;
};
inline constexpr std::array<ReportLayer, 5> kReportLayers{{{"liver", "Liver"},
                                                           {"reference", "Reference"},
                                                           {"tumour", "Predicted"},
                                                           {"filtered", "Filtered"},
                                                           {"cyst", "Cyst"}}};

// The slice first shown with its outlines, a bar of 50 mm (10 mm in pictures less than 100 mm wide), R and L,
// a slider; the other slices as JSON: a list of [label, picture, path of each layer..], [] for the one shown.
// Empty for a stack without slices. `id` is of the caption and unique in the page.
std::string slice_view_html(const ReportSliceStack& stack, std::string_view id);

}  // namespace hepar
