// SPDX-License-Identifier: Apache-2.0
#include "sample_report.h"

#include <fmt/format.h>

#include <cmath>
#include <numbers>

namespace hepar {
namespace {

constexpr int kSlices = 5, kWidth = 240, kHeight = 180;
constexpr ReportPoint kCystCentre{150, 70};

struct Lesion {
  ReportPoint centre;
  double radius, mean_hu;
};

std::vector<ReportPoint> circle(ReportPoint centre, double radius) {
  std::vector<ReportPoint> points;
  for (int n = 0; n < 40; ++n) {
    const double angle = 2 * std::numbers::pi * n / 40;
    points.push_back({centre.x + radius * std::cos(angle), centre.y + radius * std::sin(angle)});
  }
  return points;
}

// A picture of a body with a liver, a lesion and a cyst, which grow and shrink over the slices.
ReportSlice slice_at(int n, const Lesion& lesion) {
  const double share = std::sqrt(1 - std::pow((n - 2) / 3.0, 2)), radius = lesion.radius * share;
  ReportSlice slice{
      .label = fmt::format("z {}.5 mm, slice {} of {} from the feet", 10 + 5 * n, n + 1, kSlices),
      .media_type = "image/svg+xml"};
  slice.bytes = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\"><rect width=\"{0}\" "
      "height=\"{1}\"/>"
      "<ellipse cx=\"120\" cy=\"92\" rx=\"116\" ry=\"84\" fill=\"#555\"/>"
      "<ellipse cx=\"95\" cy=\"85\" rx=\"{2}\" ry=\"{3}\" fill=\"#aaa\"/>"
      "<circle cx=\"{4}\" cy=\"{5}\" r=\"{6}\" fill=\"#777\"/>"
      "<circle cx=\"150\" cy=\"70\" r=\"{7}\" fill=\"#444\"/><circle cx=\"135\" cy=\"150\" r=\"16\" "
      "fill=\"#eee\"/></svg>",
      kWidth, kHeight, 80 * share, 60 * share, lesion.centre.x, lesion.centre.y, radius, 14 * share);
  std::vector<ReportPoint> liver = circle({0, 0}, 1);
  for (ReportPoint& point : liver) point = {95 + 80 * share * point.x, 85 + 60 * share * point.y};
  const bool cyst = n > 0 && n < kSlices - 1;
  slice.outlines = {{"liver", {liver}},
                    {"reference", {circle(lesion.centre, radius + 1.5)}},
                    {"tumour", {circle(lesion.centre, radius)}},
                    {"filtered", {circle(lesion.centre, radius)}}};
  if (cyst) {
    slice.outlines[2].loops.push_back(circle(kCystCentre, 14 * share));
    slice.outlines.push_back({"cyst", {circle(kCystCentre, 14 * share)}});
  }
  return slice;
}

ReportHistogram histogram_of(const Lesion& lesion) {
  ReportHistogram histogram{.fitted = true, .amplitude = 2500, .mean_hu = lesion.mean_hu, .std_hu = 14};
  histogram.first_hu = static_cast<int>(lesion.mean_hu) - 50;
  for (int n = 0; n < 101; ++n) {
    const double z = (histogram.first_hu + n - lesion.mean_hu) / histogram.std_hu;
    const double count = 2500 / (std::sqrt(2 * std::numbers::pi) * 14) * std::exp(-z * z / 2);
    histogram.smoothed.push_back(count);
    histogram.counts.push_back(std::round(count * (1 + 0.15 * std::sin(n * n))));
  }
  histogram.threshold_hu = 45;
  return histogram;
}

ReportLesion lesion_of(const std::string& title, const std::string& verdict, const Lesion& lesion) {
  ReportLesion report{.title = title, .verdict = verdict};
  report.reason = fmt::format("Core {} HU, 40 HU below the liver.", lesion.mean_hu);
  report.facts = {{"Volume", "4.2 mL"},
                  {"Fitted mean", fmt::format("{} HU", lesion.mean_hu)},
                  {"Fitted SD", "14 HU"},
                  {"Probability of cyst", "0.42"}};
  report.stack = {
      .width = kWidth, .height = kHeight, .pixel_width_mm = 1.2, .pixel_height_mm = 1.2, .first_shown = 2};
  for (int n = 0; n < kSlices; ++n) report.stack.slices.push_back(slice_at(n, lesion));
  report.stack.lesion = ReportBox{lesion.centre.x - lesion.radius, lesion.centre.y - lesion.radius,
                                  lesion.centre.x + lesion.radius, lesion.centre.y + lesion.radius};
  report.histogram = histogram_of(lesion);
  return report;
}

ReportTable wide_table() {
  ReportTable table{.caption = "Table 1. The tumour before and after the filter", .text_columns = 2};
  table.columns = {"Metric",  "Stage",          "n",      "Mean",           "SD",
                   "Minimum", "First quartile", "Median", "Third quartile", "Maximum"};
  for (const std::string metric : {"DSC", "HD95 (mm)", "ASSD (mm)"}) {
    for (const std::string stage : {"before", "after"}) {
      table.rows.push_back({metric, stage, "3", "0.71", "0.12", "0.52", "0.60", "0.73", "0.81", "0.88"});
    }
  }
  table.note = "DSC: Dice similarity coefficient.";
  return table;
}

}  // namespace

ReportDocument sample_report() {
  ReportDocument document{.title = "A made-up trial",
                          .disclaimer = "For research only; not a medical device.",
                          .banner = "These are drawings, not patients."};
  document.summary = {{.title = "What was found",
                       .paragraphs = {"One cyst, one doubtful lesion, one missed."},
                       .tables = {wide_table()}}};
  const ReportTable metrics{.caption = "Overlap",
                            .columns = {"Region", "DSC", "HD95 (mm)"},
                            .rows = {{"liver", "0.96", "3.1"}, {"tumour", "0.71", "12.0"}}};
  document.cases = {{.name = "round_a", .group = "portal venous", .headline = "tumour DSC 0.71, HD95 12 mm"},
                    {.name = "empty_b", .group = "late arterial", .headline = "no tumour"},
                    {.name = "round_c", .group = "portal venous", .headline = "tumour DSC 0.52, HD95 20 mm"}};
  for (ReportCase& report : document.cases) report.tables = {metrics};
  document.cases[0].lesions = {lesion_of("Lesion 1: 4.2 mL", "tumour", {{70, 80}, 22, 88}),
                               lesion_of("Lesion 2: 1.1 mL", "cyst", {kCystCentre, 14, 12})};
  document.cases[2].lesions = {lesion_of("Lesion 1: 2.0 mL", "doubtful", {{60, 95}, 16, 41}),
                               lesion_of("Reference lesion 2: 0.4 mL", "missed", {{110, 60}, 8, 75})};
  document.cases[2].notes = {"The liver is unusually bright."};
  document.provenance = {
      {.caption = "Software", .columns = {"Item", "Value"}, .rows = {{"Hepar", "0.1.0"}}, .text_columns = 2}};
  return document;
}

}  // namespace hepar
