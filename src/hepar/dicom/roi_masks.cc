// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/roi_masks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/dicom/contour_pixels.h"
#include "hepar/dicom/contour_placement.h"
#include "hepar/dicom/frame_of_reference.h"

namespace hepar {
namespace {
using dicom::Combination;
using dicom::ContourPixels;
using dicom::Placement;
using dicom::SliceFinder;

// Of all contours on one slice, each in its box: far more than any drawing needs, far less than there is.
constexpr std::int64_t kMostBoxPixels = 1 << 27;

PlaneLoop in_pixels(const RoiContour& contour, const CtSlice& slice, const Geometry& geometry) {
  const Vec3 x = 1 / geometry.spacing_mm.x * geometry.direction.column(0);
  const Vec3 y = 1 / geometry.spacing_mm.y * geometry.direction.column(1);
  PlaneLoop loop;
  loop.reserve(contour.points_mm.size());
  for (const Vec3& point : contour.points_mm) {
    const Vec3 from_first = point - slice.position_mm;
    loop.push_back({from_first.dot(x), from_first.dot(y)});
  }
  return loop;
}

struct SliceResult {
  std::int64_t beyond_image = 0, beside_image = 0, without_centre = 0;
  Combination combination;
};

// How many points lie beyond the image's outer edges.
std::int64_t count_beyond(const PlaneLoop& loop, Int3 size) {
  return std::count_if(loop.begin(), loop.end(), [size](PlanePoint point) {
    constexpr double kSlack = 0.01;  // pixels
    return point.x < -0.5 - kSlack || point.y < -0.5 - kSlack ||
           point.x > static_cast<double>(size.i) - 0.5 + kSlack ||
           point.y > static_cast<double>(size.j) - 0.5 + kSlack;
  });
}

void check_box_pixels(std::int64_t pixels, const Roi& roi, std::int64_t contour_count) {
  if (pixels <= kMostBoxPixels) return;
  throw Error(ErrorCode::kUnsupported,
              fmt::format("the ROI '{}' has {} contours on one slice, whose boxes hold more than {} pixels "
                          "together; no structure is drawn like that, remove what was drawn many times",
                          roi.name, contour_count, kMostBoxPixels));
}

SliceResult fill_slice(const Roi& roi, const std::vector<std::size_t>& numbers, const CtSlice& slice,
                       const Geometry& geometry, std::span<std::uint8_t> pixels) {
  SliceResult result;
  std::vector<ContourPixels> contours;
  std::int64_t box_pixels = 0;
  for (const std::size_t number : numbers) {
    const PlaneLoop loop = in_pixels(roi.contours[number], slice, geometry);
    contours.push_back(dicom::fill_contour(loop, geometry.size.i, geometry.size.j));
    box_pixels += std::ssize(contours.back().inside);
    check_box_pixels(box_pixels, roi, std::ssize(numbers));
    const std::int64_t beyond = count_beyond(loop, geometry.size);
    result.beyond_image += beyond > 0;
    result.beside_image += beyond == std::ssize(loop) && contours.back().count == 0;
    result.without_centre += beyond == 0 && contours.back().count == 0;
  }
  result.combination = dicom::combine_contours(std::move(contours), geometry.size.i, pixels);
  return result;
}

void add_note(std::vector<std::string>& notes, const Roi& roi, std::int64_t count, std::string_view what) {
  if (count == 0) return;
  notes.push_back(fmt::format("ROI '{}': {} of {} contours {}", roi.name, count, roi.contours.size(), what));
}

SliceResult sum_of(const std::vector<SliceResult>& results) {
  SliceResult sum;
  for (const SliceResult& result : results) {
    sum.beyond_image += result.beyond_image;
    sum.beside_image += result.beside_image;
    sum.without_centre += result.without_centre;
    sum.combination.twice_count += result.combination.twice_count;
    sum.combination.joined_count += result.combination.joined_count;
    sum.combination.hole_count += result.combination.hole_count;
  }
  return sum;
}

// Slices without a contour between two that have one: often left to the planning system to fill.
std::int64_t count_skipped(const Placement& placement) {
  const auto& slices = placement.contours_of_slice;
  std::int64_t skipped = 0;
  for (std::size_t k = 1; k + 1 < slices.size(); ++k) {
    skipped += slices[k].empty() && !slices[k - 1].empty() && !slices[k + 1].empty() ? 1 : 0;
  }
  return skipped;
}

struct Finding {
  std::int64_t count;
  const char* what;
};

// What makes the mask another thing than what the contours enclose, each by itself, on the slices they name.
std::vector<Finding> deviations(const Placement& placement, const SliceResult& sum) {
  return {{placement.off_slices, "lie farther than half a slice distance from every slice; left out"},
          {placement.tilted, "are tilted against the slices, or have points that are no numbers; left out"},
          {placement.other_plane,
           "lie between the CT's slices, on other planes than those nearest to each slice, which were used; "
           "left out"},
          {placement.bent, "span more than a tenth of a slice distance across the slices; flattened"},
          {placement.other_name, "name another slice than the one they lie on, which counts"},
          {placement.unknown_name, "name images that are not of this CT; their positions count"},
          {sum.beyond_image, "reach beyond the image, where there are no voxels"},
          {sum.without_centre, "hold no voxel's centre"},
          {sum.combination.twice_count, "hold the same voxels as another one; counted once"},
          {sum.combination.joined_count, "overlap in part; joined"}};
}

void describe(RoiMask& result, const Roi& roi, const Placement& placement, const SliceResult& sum) {
  for (const auto& [count, what] : deviations(placement, sum)) {
    add_note(result.notes, roi, count, what);
    result.as_drawn = result.as_drawn && count == 0;
  }
  result.hole_count = sum.combination.hole_count;
  add_note(result.notes, roi, result.hole_count, "lie within another one and were taken as holes");
  if (const std::int64_t skipped = count_skipped(placement); skipped > 0) {
    result.notes.push_back(
        fmt::format("ROI '{}' has no contour on {} slices whose both neighbours have one; they are empty",
                    roi.name, skipped));
  }
}

// Whether one of the contours is drawn on an image of the CT.
bool names_an_image(const std::vector<RoiContour>& contours, const SliceFinder& finder) {
  return std::ranges::any_of(
      contours, [&](const RoiContour& contour) { return finder.has_instance(contour.image_uid); });
}

// Whether the ROI was drawn on this CT: Error when it was not, a note when nothing proves it.
std::string frame_note(const StructureSet& structures, const Roi& roi, const CtGrid& ct,
                       const SliceFinder& finder) {
  const std::string& theirs =
      roi.frame_of_reference_uid.empty() ? structures.frame_of_reference_uid : roi.frame_of_reference_uid;
  const bool same = dicom::shares_frame(theirs, ct, "structure set");
  const std::string& series = structures.series_uid;
  if (series == ct.series_uid && !series.empty()) return {};
  if (names_an_image(roi.contours, finder)) return {};
  if (same) {
    return series.empty() || ct.series_uid.empty()
               ? std::string()
               : "the structure set was drawn on another series of the same frame of reference";
  }
  return fmt::format(
      "{} doesn't say its frame of reference, and the structure set names none of the CT's images, so that "
      "nothing proves that it was drawn on this CT",
      theirs.empty() ? "the structure set" : "the CT");
}

void check_some_lie_on_ct(const Roi& roi, const Placement& placement, const SliceResult& sum) {
  const auto count = std::ssize(roi.contours);
  if (placement.off_slices + placement.tilted + sum.beside_image < count) return;
  throw Error(
      ErrorCode::kInvalidInput,
      fmt::format("none of the {} contours of the ROI '{}' lies on the CT ({} off its slices, {} tilted, {} "
                  "beside the image); give the CT that it was drawn on",
                  count, roi.name, placement.off_slices, placement.tilted, sum.beside_image));
}

// A resampled CT has slices between and beside the ones that were read: each shows the nearest of these.
void copy_slices(const std::vector<std::uint8_t>& drawn, const SliceFinder& finder, Mask& mask) {
  const Geometry& geometry = mask.geometry();
  const auto plane = static_cast<std::size_t>(geometry.size.i * geometry.size.j);
  for (std::int64_t k = 0; k < geometry.size.k; ++k) {
    const Vec3 first = geometry.world_from_index(to_vec({0, 0, k}));
    const std::size_t slice = finder.nearest(geometry.direction.column(2).dot(first));
    std::copy_n(drawn.begin() + static_cast<std::ptrdiff_t>(slice * plane), plane, &mask[{0, 0, k}]);
  }
}

}  // namespace

RoiMask roi_mask(const StructureSet& structures, const Roi& roi, const CtGrid& ct) {
  HEPAR_EXPECT(!ct.slices.empty(), "a CT has slices");
  const SliceFinder finder(ct);
  RoiMask result{Mask(ct.geometry), {}};
  const std::string note = frame_note(structures, roi, ct, finder);
  if (roi.contours.empty()) {
    result.notes.push_back(fmt::format("ROI '{}' has no contours", roi.name));
    return result;
  }
  if (!note.empty()) result.notes.push_back(note);
  const Placement placement = finder.place(roi.contours);

  const auto plane = static_cast<std::size_t>(ct.geometry.size.i * ct.geometry.size.j);
  std::vector<std::uint8_t> drawn(ct.resampled ? plane * ct.slices.size() : 0);
  HEPAR_EXPECT(ct.resampled || std::ssize(ct.slices) == ct.geometry.size.k, "a CT has one slice per k");
  const std::span<std::uint8_t> voxels = ct.resampled ? std::span(drawn) : result.mask.voxels();
  std::vector<SliceResult> results(ct.slices.size());
  parallel_for(std::ssize(ct.slices), [&](std::int64_t k) {
    const auto n = static_cast<std::size_t>(k);
    results[n] = fill_slice(roi, placement.contours_of_slice[n], ct.slices[n], ct.geometry,
                            voxels.subspan(n * plane, plane));
  });
  const SliceResult sum = sum_of(results);
  check_some_lie_on_ct(roi, placement, sum);
  if (ct.resampled) copy_slices(drawn, finder, result.mask);
  describe(result, roi, placement, sum);
  return result;
}

}  // namespace hepar
