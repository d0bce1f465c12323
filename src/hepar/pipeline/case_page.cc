// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/case_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "hepar/core/error.h"
#include "hepar/figures/slice_view.h"
#include "hepar/pipeline/case_volumes.h"
#include "hepar/pipeline/lesion_page.h"
#include "hepar/volume/reorient.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;

constexpr double kSmallestViewMm = 130;  // enough of the liver to know where one is
constexpr double kViewDiameters = 2.2;
constexpr double kDepthDiameters = 0.6;  // how far above and below its centre a lesion is shown

ReportSlice to_report(SliceView view) {
  ReportSlice slice{
      fmt::format("z {:.1f} mm, slice {} of {} from the feet", view.z_mm, view.slice + 1, view.slice_count),
      "image/jpeg",
      std::move(view.jpeg),
      {}};
  for (const SliceOutline& outline : view.outlines) {
    ReportOutline& target = slice.outlines.emplace_back(ReportOutline{outline.layer, {}});
    for (const PlaneLoop& loop : outline.loops) {
      auto& points = target.loops.emplace_back();
      for (const PlanePoint point : loop) points.push_back({point.x, point.y});
    }
  }
  return slice;
}

// Cuts stacks of slices out of a case.
class SliceCutter {
 public:
  explicit SliceCutter(const CaseVolumes& volumes)
      : volumes_(volumes),
        lps_(reorient(volumes.ct->geometry(), axis_order_for(volumes.ct->geometry(), "LPS"))) {
    const LabelMap& result = volumes.prediction;
    layers_.push_back({"liver", &result, {kLiver, kTumour, kCyst}});
    if (volumes.reference) layers_.push_back({"reference", &*volumes.reference, {kTumour}});
    layers_.push_back({"tumour", volumes.before ? &*volumes.before : &result, {kTumour}});
    if (volumes.before) layers_.push_back({"filtered", &result, {kTumour}});
    layers_.push_back({"cyst", &result, {kCyst}});
  }

  // At most `count` slices, evenly through a lesion, the one through its centre first shown.
  ReportSliceStack through(Vec3 centroid_lps_mm, double diameter_mm, std::size_t count) const {
    const Vec3 index = lps_.index_from_world(centroid_lps_mm);
    const std::int64_t last = lps_.size.k - 1;
    const std::int64_t middle = std::clamp<std::int64_t>(std::llround(index.z), 0, last);
    const auto reach =
        static_cast<std::int64_t>(std::ceil(kDepthDiameters * diameter_mm / lps_.spacing_mm.z));
    const auto half = static_cast<std::int64_t>(count / 2);
    const std::int64_t step = half == 0 ? 1 : std::max<std::int64_t>(1, (reach + half - 1) / half);
    const Box3 part = part_around(index, std::max(kSmallestViewMm, kViewDiameters * diameter_mm));
    ReportSliceStack stack;
    if (diameter_mm > 0) stack.lesion = box_around(index, diameter_mm, part);
    for (std::int64_t n = -half; n <= half; ++n) {
      const std::int64_t slice = middle + n * step;
      if (slice < 0 || slice > last || std::abs(n * step) > std::max<std::int64_t>(reach, step)) continue;
      SliceView cut = make_slice_view(*volumes_.ct, layers_, slice, part);
      stack.width = static_cast<int>(cut.width), stack.height = static_cast<int>(cut.height);
      stack.pixel_width_mm = cut.pixel_width_mm, stack.pixel_height_mm = cut.pixel_height_mm;
      if (n == 0) stack.first_shown = stack.slices.size();
      stack.slices.push_back(to_report(std::move(cut)));
    }
    return stack;
  }

  // Where a case without lesions is looked at: the middle of the liver, or of the scan.
  Vec3 middle_lps_mm() const {
    const LabelMap& labels = volumes_.prediction;
    Vec3 sum;
    double voxels = 0;
    const Int3 size = labels.size();
    for (Int3 at; at.k < size.k; ++at.k)
      for (at.j = 0; at.j < size.j; ++at.j)
        for (at.i = 0; at.i < size.i; ++at.i)
          if (labels[at] != kBackground) sum = sum + to_vec(at), voxels += 1;
    if (voxels == 0) sum = to_vec(size), voxels = 2;
    return labels.geometry().world_from_index((1 / voxels) * sum);
  }

 private:
  // Pixels of the slices in a square around a place, moved into the scan.
  Box3 part_around(Vec3 index, double view_mm) const {
    Box3 part;
    for (int axis = 0; axis < 2; ++axis) {
      const std::int64_t size = lps_.size[axis];
      const auto length = std::min<std::int64_t>(size, std::llround(view_mm / lps_.spacing_mm[axis]));
      const std::int64_t low = std::llround(index[axis]) - length / 2;
      part.low[axis] = std::clamp<std::int64_t>(low, 0, size - length);
      part.high[axis] = part.low[axis] + length;
    }
    part.high.k = lps_.size.k;
    return part;
  }

  // A lesion's place in the picture of that part.
  ReportBox box_around(Vec3 index, double diameter_mm, const Box3& part) const {
    const auto x = index.x + 0.5 - static_cast<double>(part.low.i),
               y = index.y + 0.5 - static_cast<double>(part.low.j);
    const double half_width = diameter_mm / 2 / lps_.spacing_mm.x,
                 half_height = diameter_mm / 2 / lps_.spacing_mm.y;
    return {x - half_width, y - half_height, x + half_width, y + half_height};
  }

  const CaseVolumes& volumes_;
  Geometry lps_;
  std::vector<SliceLayer> layers_;
};

LesionPage page_of(const std::string& title, const std::string& verdict, const std::string& reason,
                   Vec3 centroid_lps_mm, double diameter_mm) {
  LesionPage page{{}, centroid_lps_mm, diameter_mm};
  page.lesion.title = title;
  page.lesion.verdict = verdict;
  page.lesion.reason = reason;
  page.lesion.facts = {{"Diameter", fmt::format("{:.0f} mm", diameter_mm)}};
  return page;
}

std::string lesion_title(const char* what, const std::string& region, double volume_ml) {
  return fmt::format("{} {}: {:.{}f} mL", what, region, volume_ml, volume_ml < 10 ? 2 : 1);
}

// Predicted lesions where no evidence tells more, and missed ones.
void add_detected(const CasePageSource& source, bool with_predicted, std::vector<LesionPage>& pages) {
  if (source.evaluated == nullptr) return;
  for (std::size_t r = 0; r < source.options.regions.size(); ++r) {
    const auto& lesions = source.evaluated->regions[r].lesions;
    const std::string& region = source.options.regions[r].name;
    if (!lesions) continue;
    for (const PredictedLesion& lesion : lesions->predictions) {
      if (!with_predicted) break;
      pages.push_back(page_of(lesion_title("Predicted", region, lesion.volume_ml), "",
                              lesion.true_positive ? "Meets a lesion of the reference."
                                                   : "Meets no lesion of the reference: a false positive.",
                              lesion.centroid_lps_mm, lesion.diameter_mm));
    }
    for (const ReferenceLesion& lesion : lesions->references) {
      if (lesion.detected || region == "cyst") continue;  // a cyst left in the tumour is judged there
      pages.push_back(
          page_of(lesion_title("Missed", region, lesion.volume_ml), "missed",
                  fmt::format("In the reference; the overlap with the prediction is {:.2f}.", lesion.iou),
                  lesion.centroid_lps_mm, lesion.diameter_mm));
    }
  }
}

}  // namespace

ReportCase make_case_page(const CasePageSource& source, const CasePageLimits& limits) {
  ReportCase page{.name = source.name,
                  .group = source.group,
                  .headline = source.headline,
                  .tables = source.tables,
                  .lesions = {},
                  .notes = {}};
  LesionPages judged;
  if (source.prediction.filename() == kLabelsFile)
    judged = read_lesion_pages(source.prediction.parent_path());
  page.notes = judged.notes;
  add_detected(source, judged.lesions.empty(), judged.lesions);
  if (judged.lesions.size() > limits.lesions) {
    // What left the tumour, may have to, or was missed is worth a look at any size.
    std::stable_partition(judged.lesions.begin(), judged.lesions.end(), [](const LesionPage& one) {
      return one.lesion.verdict != "tumour" && !one.lesion.verdict.empty();
    });
    page.notes.push_back(fmt::format("{} lesions are not shown: the smallest, of those called tumour first",
                                     judged.lesions.size() - limits.lesions));
    judged.lesions.resize(limits.lesions);
  }
  const CaseVolumes volumes =
      load_case_volumes({source.ct, source.prediction, source.reference}, source.options);
  page.notes.insert(page.notes.end(), volumes.notes.begin(), volumes.notes.end());
  if (!volumes.ct) {
    for (LesionPage& lesion : judged.lesions) page.lesions.push_back(std::move(lesion.lesion));
    return page;
  }
  const SliceCutter cutter(volumes);
  if (judged.lesions.empty()) {
    judged.lesions.push_back(
        page_of("No lesion", "", "The middle of what is contoured.", cutter.middle_lps_mm(), 0));
    judged.lesions.back().lesion.facts.clear();
  }
  for (LesionPage& lesion : judged.lesions) {
    lesion.lesion.stack = cutter.through(lesion.centroid_lps_mm, lesion.diameter_mm, limits.slices);
    page.lesions.push_back(std::move(lesion.lesion));
  }
  return page;
}

}  // namespace hepar
