// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "hepar/figures/picture.h"
#include "hepar/figures/slice_panel.h"

namespace hepar {

// Slices side by side with their captions, seen from the feet (patient right on the left), with square pixels
// and window -160 to 240 HU (the usual abdominal window), a 50 mm scale bar each and a legend. Outlines:
// liver (labels 1 to 3 together) thin yellow, not drawn in a map without label 1; tumour before the filter
// wide green, after it thin blue, manual long red dashes, as in Lin et al. 2024, Figure 5; cyst short orange
// dashes. `columns` 0: by the number of panels, three at most. Panels are 760 pixels wide in one column, 560
// in two, 440 in three, 340 in more. The same panels give the same bytes. Needs a panel.
std::string draw_gallery(const std::string& title, std::span<const SlicePanel> panels, PictureFormat format,
                         int columns = 0);

// The same as a file, whole or not at all; errors of picture_format and AtomicFile.
void write_gallery(const std::filesystem::path& path, const std::string& title,
                   std::span<const SlicePanel> panels, int columns = 0);

}  // namespace hepar
