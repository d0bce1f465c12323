// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/roi_masks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <map>
#include <optional>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/dicom/contour_pixels.h"

namespace hepar {
namespace {
using dicom::Combination;
using dicom::ContourPixels;

constexpr double kRoundingMm = 0.01;
// Contours so near to the middle between two slices, in slice distances, lie on the one that they name.
constexpr double kDoubt = 0.1;

// Where the contours of an ROI lie, and what is wrong with them.
struct Placement {
  std::vector<std::vector<std::size_t>> contours_of_slice;
  std::int64_t off_slices = 0, tilted = 0, other_name = 0, unknown_name = 0;
};

class SliceFinder {
 public:
  explicit SliceFinder(const CtGrid& ct)
      : normal_(ct.geometry.direction.column(2)), distance_mm_(ct.geometry.spacing_mm.z) {
    for (std::size_t n = 0; n < ct.slices.size(); ++n) {
      offsets_mm_.push_back(normal_.dot(ct.slices[n].position_mm));
      number_of_uid_.emplace(ct.slices[n].sop_instance_uid, n);
    }
  }

  // Comparisons with points that are no numbers fail, so that these contours are left out.
  void place(const RoiContour& contour, std::size_t number, Placement& placement) const {
    double low = std::numeric_limits<double>::infinity(), high = -low;
    for (const Vec3& point : contour.points_mm) {
      const double offset_mm = normal_.dot(point);
      if (!std::isfinite(offset_mm)) low = -std::numeric_limits<double>::infinity();
      low = std::min(low, offset_mm);
      high = std::max(high, offset_mm);
    }
    if (!(high - low <= distance_mm_ / 2 + kRoundingMm)) {
      ++placement.tilted;
      return;
    }
    const auto named = number_of_uid_.find(contour.image_uid);
    std::size_t slice = nearest(low + (high - low) / 2);
    const double away_mm = std::abs(offsets_mm_[slice] - (low + (high - low) / 2));
    if (!(away_mm <= distance_mm_ / 2 + kRoundingMm)) {
      ++placement.off_slices;
      return;
    }
    if (named != number_of_uid_.end()) {
      const double from_named_mm = std::abs(offsets_mm_[named->second] - (low + (high - low) / 2));
      if (from_named_mm - away_mm <= kDoubt * distance_mm_) slice = named->second;
      if (slice != named->second) ++placement.other_name;
    } else if (!contour.image_uid.empty()) {
      ++placement.unknown_name;
    }
    placement.contours_of_slice[slice].push_back(number);
  }

  // The slice at an offset along the normal.
  std::size_t nearest(double offset_mm) const {
    const auto above = std::lower_bound(offsets_mm_.begin(), offsets_mm_.end(), offset_mm);
    const auto n = static_cast<std::size_t>(above - offsets_mm_.begin());
    if (n == 0) return 0;
    if (n == offsets_mm_.size() || offset_mm - offsets_mm_[n - 1] <= *above - offset_mm) return n - 1;
    return n;
  }

 private:
  Vec3 normal_;
  double distance_mm_;
  std::vector<double> offsets_mm_;  // of the slices
  std::map<std::string, std::size_t> number_of_uid_;
};

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

SliceResult fill_slice(const Roi& roi, const std::vector<std::size_t>& numbers, const CtSlice& slice,
                       const Geometry& geometry, std::span<std::uint8_t> pixels) {
  SliceResult result;
  std::vector<ContourPixels> contours;
  for (const std::size_t number : numbers) {
    const PlaneLoop loop = in_pixels(roi.contours[number], slice, geometry);
    contours.push_back(dicom::fill_contour(loop, geometry.size.i, geometry.size.j));
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

std::vector<std::string> notes_on(const Roi& roi, const Placement& placement, const SliceResult& sum) {
  std::vector<std::string> notes;
  add_note(notes, roi, placement.off_slices,
           "lie farther than half a slice distance from every slice; left out");
  add_note(notes, roi, placement.tilted,
           "are tilted against the slices, or have points that are no numbers; left out");
  add_note(notes, roi, placement.other_name, "name another slice than the one they lie on, which counts");
  add_note(notes, roi, placement.unknown_name, "name images that are not of this CT; their positions count");
  add_note(notes, roi, sum.beyond_image, "reach beyond the image, where there are no voxels");
  add_note(notes, roi, sum.without_centre, "hold no voxel's centre");
  add_note(notes, roi, sum.combination.twice_count, "hold the same voxels as another one; counted once");
  add_note(notes, roi, sum.combination.joined_count, "overlap in part; joined");
  if (const std::int64_t skipped = count_skipped(placement); skipped > 0) {
    notes.push_back(
        fmt::format("ROI '{}' has no contour on {} slices whose both neighbours have one; they are empty",
                    roi.name, skipped));
  }
  return notes;
}

void check_frame(const StructureSet& structures, const Roi& roi, const CtGrid& ct) {
  const std::string& theirs =
      roi.frame_of_reference_uid.empty() ? structures.frame_of_reference_uid : roi.frame_of_reference_uid;
  const std::string& ours = ct.frame_of_reference_uid;
  if (theirs.empty() || ours.empty() || theirs == ours) return;
  throw Error(
      ErrorCode::kInvalidInput,
      "the structure set's frame of reference is another one than the CT's, so that its coordinates mean "
      "other places; give the CT that it was drawn on");
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
  check_frame(structures, roi, ct);
  HEPAR_EXPECT(!ct.slices.empty(), "a CT has slices");
  RoiMask result{Mask(ct.geometry), {}};
  if (roi.contours.empty()) {
    result.notes.push_back(fmt::format("ROI '{}' has no contours", roi.name));
    return result;
  }
  const SliceFinder finder(ct);
  Placement placement;
  placement.contours_of_slice.resize(ct.slices.size());
  for (std::size_t n = 0; n < roi.contours.size(); ++n) finder.place(roi.contours[n], n, placement);

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
  result.notes = notes_on(roi, placement, sum);
  return result;
}

}  // namespace hepar
