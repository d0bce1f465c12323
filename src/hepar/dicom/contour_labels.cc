// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/dicom/roi_masks.h"

namespace hepar {
namespace {

void check_grids(const LabelMap& labels, const CtGrid& ct) {
  if (ct.resampled) {
    throw Error(
        ErrorCode::kInvalidInput,
        "contours can't be drawn on a CT whose slices were interpolated, as they lie on its own slices; "
        "use a series of even slices");
  }
  if (const auto difference = grid_difference(labels.geometry(), ct.geometry)) {
    throw Error(
        ErrorCode::kInvalidInput,
        fmt::format("the label map lies on another grid than the CT: {}; give the CT that it was made from",
                    *difference));
  }
  HEPAR_EXPECT(std::ssize(ct.slices) == ct.geometry.size.k, "a CT has one slice per k");
}

// The part of a slice in which there are labels: low <= index < high.
struct SliceBox {
  std::int64_t low_i = 0, high_i = 0, low_j = 0, high_j = 0;
};

SliceBox labelled_box(std::span<const std::uint8_t> slice, std::int64_t columns) {
  const auto inside = [](std::uint8_t label) { return label != 0; };
  SliceBox box{columns, 0, 0, 0};
  for (std::int64_t j = 0; j < std::ssize(slice) / columns; ++j) {
    const auto row = slice.subspan(static_cast<std::size_t>(j * columns), static_cast<std::size_t>(columns));
    // Most rows hold nothing: a sum without branches finds that fastest.
    std::uint8_t any = 0;
    for (const std::uint8_t label : row) any |= label;
    if (any == 0) continue;
    if (box.high_j == 0) box.low_j = j;
    box.high_j = j + 1;
    const std::int64_t first = std::find_if(row.begin(), row.end(), inside) - row.begin();
    const std::int64_t behind = row.rend() - std::find_if(row.rbegin(), row.rend(), inside);
    box.low_i = std::min(box.low_i, first);
    box.high_i = std::max(box.high_i, behind);
  }
  return box;
}

class SliceContours {
 public:
  SliceContours(const LabelMap& labels, const CtGrid& ct, const DicomProfile& profile, std::int64_t k)
      : ct_(ct), profile_(profile), slice_(ct.slices[static_cast<std::size_t>(k)]) {
    const Int3 size = labels.size();
    const auto pixels = labels.voxels().subspan(static_cast<std::size_t>(k * size.i * size.j),
                                                static_cast<std::size_t>(size.i * size.j));
    box_ = labelled_box(pixels, size.i);
    for (std::int64_t j = box_.low_j; j < box_.high_j; ++j) {
      labels_.insert(labels_.end(), pixels.begin() + j * size.i + box_.low_i,
                     pixels.begin() + j * size.i + box_.high_i);
    }
  }

  std::vector<RoiContour> contours(const RoiStyle& style) const {
    if (labels_.empty()) return {};
    const auto inside = label_set(style);
    std::vector<std::uint8_t> mask(labels_.size());
    for (std::size_t n = 0; n < mask.size(); ++n) mask[n] = inside[labels_[n]] ? 1 : 0;
    std::vector<RoiContour> contours;
    for (PlaneRegion& region :
         trace_regions(mask, box_.high_i - box_.low_i, box_.high_j - box_.low_j, profile_.contour_style)) {
      for (const PlaneLoop& loop : loops(std::move(region))) contours.push_back(in_world(loop));
    }
    return contours;
  }

 private:
  // Lines that replace others pass between the same pixel centres, so that with a tolerance of two pixels
  // every point goes that can.
  std::vector<PlaneLoop> loops(PlaneRegion traced) const {
    const Vec3 spacing = ct_.geometry.spacing_mm;
    std::vector<PlaneRegion> region{std::move(traced)};
    if (profile_.simplify_mm > 0) simplify_regions(region, spacing.x, spacing.y, profile_.simplify_mm);
    std::vector<PlaneLoop> joined = join(region.front());
    const double largest_mm = 2 * std::max(spacing.x, spacing.y);
    double tolerance_mm = std::max(profile_.simplify_mm, largest_mm / 64);
    while (exceeds_limit(joined) && tolerance_mm < largest_mm) {
      tolerance_mm *= 2;
      simplify_regions(region, spacing.x, spacing.y, tolerance_mm);
      joined = join(region.front());
    }
    return joined;
  }

  std::vector<PlaneLoop> join(const PlaneRegion& region) const {
    if (profile_.hole_mode == HoleMode::kKeyhole) return {keyhole_loop(region)};
    std::vector<PlaneLoop> loops{region.outer};
    loops.insert(loops.end(), region.holes.begin(), region.holes.end());
    return loops;
  }

  bool exceeds_limit(const std::vector<PlaneLoop>& loops) const {
    return profile_.point_limit > 0 && std::any_of(loops.begin(), loops.end(), [this](const PlaneLoop& loop) {
             return std::ssize(loop) > profile_.point_limit;
           });
  }

  // From the slice's own position: those of others may be off by rounding, or shear within the gate's limits.
  RoiContour in_world(const PlaneLoop& loop) const {
    const Vec3 along_x = ct_.geometry.spacing_mm.x * ct_.geometry.direction.column(0);
    const Vec3 along_y = ct_.geometry.spacing_mm.y * ct_.geometry.direction.column(1);
    const Vec3 first = slice_.position_mm + static_cast<double>(box_.low_i) * along_x +
                       static_cast<double>(box_.low_j) * along_y;
    RoiContour contour{{}, slice_.sop_instance_uid};
    contour.points_mm.reserve(loop.size());
    for (const PlanePoint& point : loop)
      contour.points_mm.push_back(first + point.x * along_x + point.y * along_y);
    return contour;
  }

  const CtGrid& ct_;
  const DicomProfile& profile_;
  const CtSlice& slice_;
  SliceBox box_;
  std::vector<std::uint8_t> labels_;  // of the box
};

void check_points(const RoiContour& contour, const RoiStyle& style, std::size_t k, const CtGrid& ct,
                  std::int64_t limit) {
  if (limit <= 0 || std::ssize(contour.points_mm) <= limit) return;
  throw Error(
      ErrorCode::kInvalidInput,
      fmt::format("a contour of the ROI '{}' on slice {} of {} needs {} points, more than the profile's "
                  "limit of {}; raise the limit, or smooth the label map",
                  style.name, k + 1, ct.slices.size(), contour.points_mm.size(), limit));
}

// A grid that is no DICOM series has nothing to make one up from.
std::string frame_of(const CtGrid& ct) {
  return ct.series_uid.empty() ? ct.frame_of_reference_uid : frame_of_reference_for(ct);
}

}  // namespace

StructureSet contour_labels(const LabelMap& labels, const CtGrid& ct, const DicomProfile& profile) {
  check_grids(labels, ct);
  for (const RoiStyle& style : profile.rois) label_set(style);
  std::vector<std::vector<std::vector<RoiContour>>> found(ct.slices.size());  // by slice and ROI
  parallel_for(labels.size().k, [&](std::int64_t k) {
    const SliceContours slice(labels, ct, profile, k);
    for (const RoiStyle& style : profile.rois) {
      found[static_cast<std::size_t>(k)].push_back(slice.contours(style));
    }
  });
  StructureSet set{profile.structure_set_label, frame_of(ct), ct.series_uid, {}, {}};
  for (std::size_t n = 0; n < profile.rois.size(); ++n) {
    const RoiStyle& style = profile.rois[n];
    Roi roi{static_cast<int>(set.rois.size()) + 1, style.name, style.interpreted_type, style.colour, {}};
    for (std::size_t k = 0; k < found.size(); ++k) {
      for (RoiContour& contour : found[k][n]) {
        check_points(contour, style, k, ct, profile.point_limit);
        roi.contours.push_back(std::move(contour));
      }
    }
    if (roi.contours.empty() && !profile.write_empty_rois) {
      set.notes.push_back(fmt::format("the ROI '{}' has no voxels and was left out", style.name));
    } else {
      set.rois.push_back(std::move(roi));
    }
  }
  if (std::string note = labels_without_roi(labels, profile); !note.empty()) set.notes.push_back(note);
  return set;
}

}  // namespace hepar
