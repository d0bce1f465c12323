// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hepar {

// What a report says, as plain data. All text is UTF-8 and shown as it is; names are ids of ours, never
// patient data. Pictures hold the bytes of a file of type image/png, image/jpeg or image/svg+xml. Numbers are
// finite.

struct ReportTable {
  std::string caption{};
  std::vector<std::string> columns{};
  std::vector<std::vector<std::string>> rows{};  // each as long as `columns`
  std::size_t text_columns = 1;                  // that many leading columns are words; the rest are numbers
  std::string note{};                            // shown under the table
};

struct ReportFigure {
  std::string caption{}, alt_text{}, media_type{}, bytes{};
};

struct ReportSection {
  std::string title{};
  std::vector<std::string> paragraphs{};
  std::vector<ReportTable> tables{};
  std::vector<ReportFigure> figures{};
};

// Pixels of a slice's picture; (0, 0) is its top left corner, the centre of the first pixel (0.5, 0.5).
struct ReportPoint {
  double x = 0, y = 0;
};

// Closed loops, drawn to 0.1 pixel. Layers, with their colours in Lin et al., Front. Oncol. 14:1423774, 2024,
// Figure 5: "reference" red, "tumour" (before the filter) green, "filtered" blue; and of our own "cyst"
// orange, "liver" yellow.
struct ReportOutline {
  std::string layer{};
  std::vector<std::vector<ReportPoint>> loops{};
};

// An axial slice seen from the feet: the patient's right is on the left of the picture.
struct ReportSlice {
  std::string label{};                // "z 12.5 mm, slice 34 of 60 from the feet"
  std::string media_type{}, bytes{};  // of any size in pixels; stretched to the width and height of the stack
  std::vector<ReportOutline> outlines{};
};

// In pixels of the slice's picture.
struct ReportBox {
  double left = 0, top = 0, right = 0, bottom = 0;
};

struct ReportSliceStack {
  int width = 0, height = 0;  // pixels
  double pixel_width_mm = 1, pixel_height_mm = 1;
  std::vector<ReportSlice> slices{};  // from the feet; may be empty
  std::size_t first_shown = 0;        // the only slice without JavaScript
  std::optional<ReportBox> lesion{};  // framed by four corners in every slice
};

// Voxels of a lesion by their HU. The curve is formula 2 of Lin et al. 2024:
// n(h) = amplitude / sqrt(2 pi S^2) * exp(-(h - mean_hu)^2 / (2 S^2)) with S = std_hu.
struct ReportHistogram {
  int first_hu = 0;                // of counts[0]
  std::vector<double> counts{};    // voxels per 1-HU bin, not negative
  std::vector<double> smoothed{};  // the same bins, or empty
  bool fitted = false;             // whether there is a curve
  double amplitude = 0;            // its area, voxels * HU
  double mean_hu = 0, std_hu = 0;
  std::optional<double> threshold_hu{};  // a lower mean is a cyst
};

struct ReportLesion {
  std::string title{};    // "Lesion 3: 4.2 mL"
  std::string verdict{};  // "tumour", "cyst", "doubtful", "opened", "missed", or empty
  std::string reason{};
  std::vector<std::pair<std::string, std::string>> facts{};  // name, value
  ReportSliceStack stack{};
  std::optional<ReportHistogram> histogram{};
};

struct ReportCase {
  std::string name{}, group{};
  std::string headline{};  // "tumour DSC 0.71, HD95 12 mm"
  std::vector<ReportTable> tables{};
  std::vector<ReportLesion> lesions{};
  std::vector<std::string> notes{};
};

struct ReportDocument {
  std::string title{};
  std::string disclaimer{};  // at the top, and at the foot of every printed page
  std::string banner{};      // "These are phantoms, not patients"; may be empty
  std::vector<ReportSection> summary{};
  std::vector<ReportCase> cases{};
  std::vector<ReportTable> provenance{};
};

// The report as one HTML page that loads nothing and whose policy (CSP) forbids it to. The summary comes
// first, then the lesions worth a look (doubtful, opened, missed), the table of the cases, each case, the
// provenance. A document that breaks what is said above is Error(kInternal). Bytes that are no UTF-8 become
// U+FFFD.
std::string report_html(const ReportDocument& document);

// Writes it, whole or not at all; errors of AtomicFile.
void write_report(const std::filesystem::path& path, const ReportDocument& document);

}  // namespace hepar
