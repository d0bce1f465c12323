// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/paper_figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "hepar/core/error.h"
#include "hepar/figures/box_plot.h"
#include "hepar/figures/gallery.h"
#include "hepar/figures/histogram_plot.h"
#include "hepar/io/image_io.h"
#include "hepar/metrics/metric_table.h"
#include "hepar/pipeline/case_volumes.h"
#include "hepar/pipeline/lesion_page.h"

namespace hepar {
namespace {

constexpr std::size_t kSlices = 3;  // of Figure 5: one row

// A region that the paper's filter judged, and its case.
struct JudgedRegion {
  const EvaluatedCase* evaluated = nullptr;
  LesionPage page;
};

const MethodResult& method_named(const Evaluation& evaluation, const char* name) {
  for (const MethodResult& method : evaluation.methods) {
    if (method.name == name) return method;
  }
  HEPAR_EXPECT(false, "a reproduction evaluates both rules");
}

// All regions that the paper's filter judged in the last cohort, the largest first.
std::vector<JudgedRegion> judged_regions(const Reproduction& reproduction) {
  std::vector<JudgedRegion> regions;
  for (const EvaluatedCase& c : method_named(reproduction.cohorts.back().evaluation, kPaperMethod).cases) {
    for (LesionPage& page : read_lesion_pages(c.prediction.parent_path()).lesions) {
      regions.push_back({&c, std::move(page)});
    }
  }
  std::stable_sort(regions.begin(), regions.end(), [](const JudgedRegion& a, const JudgedRegion& b) {
    return a.page.diameter_mm > b.page.diameter_mm;
  });
  return regions;
}

// What the reference calls the voxel at the region's centre.
std::uint8_t true_label(const JudgedRegion& region) {
  const LabelMap truth = read_labels(region.evaluated->reference).voxels;
  const Vec3 index = truth.geometry().index_from_world(region.page.centroid_lps_mm);
  const Int3 nearest{std::llround(index.x), std::llround(index.y), std::llround(index.z)};
  return truth.contains(nearest) ? truth[nearest] : kBackground;
}

RegionHistogram to_plot(const JudgedRegion& region) {
  const ReportHistogram& histogram = *region.page.lesion.histogram;
  RegionHistogram plot{fmt::format("{} ({})", region.page.lesion.verdict, region.evaluated->name),
                       histogram.first_hu,
                       histogram.counts,
                       histogram.smoothed,
                       {}};
  plot.curve = HistogramCurve{histogram.amplitude, histogram.mean_hu, histogram.std_hu};
  return plot;
}

void add_figure_3(const std::vector<JudgedRegion>& regions, std::vector<EvaluationFigure>& figures) {
  HistogramPlot plot{"HU of a tumour and of a cyst", {}, {}};
  for (const auto& [verdict, label] : {std::pair("tumour", kTumour), std::pair("cyst", kCyst)}) {
    const auto found = std::find_if(regions.begin(), regions.end(), [&](const JudgedRegion& region) {
      const ReportLesion& lesion = region.page.lesion;
      return lesion.verdict == verdict && lesion.histogram && lesion.histogram->fitted &&
             true_label(region) == label;
    });
    if (found == regions.end()) continue;
    plot.regions.push_back(to_plot(*found));
    plot.threshold_hu = found->page.lesion.histogram->threshold_hu;
  }
  if (plot.regions.empty()) return;
  figures.push_back({"figure_3",
                     "As Figure 3 of the paper: the HU of the largest tumour and of the largest cyst that "
                     "were rightly called so "
                     "by the paper's filter, raw and smoothed, with the fitted curve.",
                     "Histograms of a tumour and of a cyst with fitted Gaussian curves",
                     [plot](PictureFormat format) { return draw_histogram_plot(plot, format); }});
}

void add_figure_4(const Reproduction& reproduction, std::string_view key,
                  std::vector<EvaluationFigure>& figures) {
  const MetricInfo& metric = *find_metric(key);
  BoxPlot plot{.title = fmt::format("{} of the tumour", metric.title),
               .y_label = metric_label(metric),
               .groups = {},
               .low = {},
               .high = {}};
  if (key == "dsc") plot.low = 0, plot.high = 1;
  for (const ReproducedCohort& cohort : reproduction.cohorts) {
    const std::size_t tumour = cohort.evaluation.options.find_region("tumour").value();
    for (const MethodResult& method : cohort.evaluation.methods) {
      const bool shown = method.name == kNetworkMethod || &cohort == &reproduction.cohorts.back();
      if (!shown) continue;
      plot.groups.push_back(
          {fmt::format("{}, {}", cohort.key, method.name), metric_values(method, tumour, metric.value)});
    }
  }
  figures.push_back({fmt::format("figure_4_{}", metric.key),
                     fmt::format("As Figure 4 of the paper: {} of the tumour in every cohort.", metric.title),
                     fmt::format("Box plots of {}", metric.title),
                     [plot](PictureFormat format) { return draw_box_plot(plot, format); }});
}

void add_figure_5(const std::vector<JudgedRegion>& regions, const EvaluationOptions& options,
                  std::vector<EvaluationFigure>& figures) {
  auto panels = std::make_shared<std::vector<SlicePanel>>();
  std::vector<const EvaluatedCase*> shown;
  for (const JudgedRegion& region : regions) {
    if (panels->size() == kSlices) break;
    const bool again = std::find(shown.begin(), shown.end(), region.evaluated) != shown.end();
    if (region.page.lesion.verdict != "cyst" || again) continue;
    const EvaluatedCase& c = *region.evaluated;
    const CaseVolumes volumes = load_case_volumes({c.ct, c.prediction, c.reference}, options);
    if (!volumes.ct) continue;
    SlicePanel panel = make_slice_panel(*volumes.ct, volumes.slice_labels(), region.page.centroid_lps_mm,
                                        region.page.diameter_mm / 2);
    const std::uint8_t truth = true_label(region);
    panel.caption = fmt::format("{}: called cyst, M {:.0f} HU{}", c.name,
                                region.page.lesion.histogram ? region.page.lesion.histogram->mean_hu : 0,
                                truth == kTumour ? "; in truth tumour"
                                : truth == kCyst ? ""
                                                 : "; in truth neither");
    panels->push_back(std::move(panel));
    shown.push_back(&c);
  }
  if (panels->empty()) return;
  figures.push_back(
      {"figure_5",
       "As Figure 5 of the paper: manual (red), predicted (green) and filtered (blue) contours, with the "
       "paper's filter.",
       "Axial slices with contours", [panels](PictureFormat format) {
         return draw_gallery("Before and after the filter", *panels, format);
       }});
}

}  // namespace

std::vector<EvaluationFigure> paper_figures(const Reproduction& reproduction) {
  std::vector<EvaluationFigure> figures;
  const std::vector<JudgedRegion> regions = judged_regions(reproduction);
  add_figure_3(regions, figures);
  for (const char* key : {"dsc", "hd95_mm"}) add_figure_4(reproduction, key, figures);
  add_figure_5(regions, reproduction.cohorts.back().evaluation.options, figures);
  return figures;
}

}  // namespace hepar
