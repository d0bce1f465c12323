// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/slice_stack.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "hepar/core/error.h"

namespace hepar::dicom {
namespace {

// The gate's limits, from what breaks planning systems and contour converters in practice.
constexpr double kDirectionSpread = 1e-4;  // largest difference of a direction cosine
constexpr double kSpacingSpread = 1e-4;    // relative, of pixel spacings
constexpr double kShearDegrees = 0.1;      // between the slice axis and the slice normal
constexpr double kGapSpread = 0.01;        // relative, of slice distances
constexpr double kShiftMm = 0.1;           // of a slice sideways against the line of the others
constexpr double kSamePlaceMm = 0.01;

constexpr const char* kOption = "--resample-irregular interpolates them";

using Indices = std::vector<std::size_t>;

bool differ(Vec3 a, Vec3 b, double tolerance) {
  const Vec3 d = a - b;
  return !(std::abs(d.x) <= tolerance && std::abs(d.y) <= tolerance && std::abs(d.z) <= tolerance);
}

bool same_kind(const SlicePlane& a, const SlicePlane& b) {
  return a.columns == b.columns && a.rows == b.rows &&
         !differ(a.row_direction, b.row_direction, kDirectionSpread) &&
         !differ(a.column_direction, b.column_direction, kDirectionSpread) &&
         std::abs(a.column_spacing_mm - b.column_spacing_mm) <=
             kSpacingSpread * std::abs(b.column_spacing_mm) &&
         std::abs(a.row_spacing_mm - b.row_spacing_mm) <= kSpacingSpread * std::abs(b.row_spacing_mm);
}

Vec3 normal_of(const SlicePlane& plane) { return plane.row_direction.cross(plane.column_direction); }

// The slices of the kind that most have; the others are named in a note.
Indices majority(std::span<const SlicePlane> planes, std::vector<std::string>& notes) {
  const std::vector<Indices> kinds = slice_kinds(planes);
  if (2 * kinds.front().size() <= planes.size() && kinds.size() > 1) {
    throw Error(
        ErrorCode::kInvalidInput,
        fmt::format(
            "the series mixes slices of {} orientations, sizes or pixel spacings, and none has the majority "
            "(largest group {} of {} slices)",
            kinds.size(), kinds.front().size(), planes.size()));
  }
  for (std::size_t n = 1; n < kinds.size(); ++n) {
    const SlicePlane& stray = planes[kinds[n].front()];
    const std::size_t count = kinds[n].size();
    notes.push_back(
        fmt::format("{} {} slice{} of {} x {} pixels of another orientation, size or pixel spacing {} in the "
                    "series and {} left out.",
                    count, orientation_name(stray), count == 1 ? "" : "s", stray.columns, stray.rows,
                    count == 1 ? "is" : "are", count == 1 ? "was" : "were"));
  }
  return kinds.front();
}

void check_axes(const SlicePlane& plane) {
  const double lengths =
      std::max(std::abs(plane.row_direction.norm() - 1), std::abs(plane.column_direction.norm() - 1));
  const double error = std::max(lengths, std::abs(plane.row_direction.dot(plane.column_direction)));
  if (error <= 1e-3) return;
  throw Error(
      ErrorCode::kInvalidInput,
      fmt::format(
          "the rows and columns of the slices are not at right angles: off by {:.3g}, at most 0.001 is "
          "allowed",
          error));
}

// Refuses a tilted gantry and slices that are shifted sideways.
void check_line(std::span<const SlicePlane> planes, const Indices& order, Vec3 normal) {
  const Vec3 first = planes[order.front()].position_mm, whole = planes[order.back()].position_mm - first;
  const double along_mm = whole.dot(normal), across_mm = (whole - along_mm * normal).norm();
  const double degrees = std::atan2(across_mm, along_mm) * 180 / std::numbers::pi;
  if (degrees > kShearDegrees) {
    throw Error(
        ErrorCode::kInvalidInput,
        fmt::format(
            "the slices are stacked at {:.1f} degrees to their normal (gantry tilt, at most {} is read); "
            "reformat the series to straight slices first",
            degrees, kShearDegrees));
  }
  double farthest_mm = 0;
  for (const std::size_t n : order) {
    const Vec3 step = planes[n].position_mm - first;
    const Vec3 on_line = (step.dot(normal) / along_mm) * whole;
    farthest_mm = std::max(farthest_mm, (step - on_line).norm());
  }
  if (farthest_mm > kShiftMm) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("the slices are shifted sideways against each other by up to {:.2f} mm, "
                            "at most {} is allowed",
                            farthest_mm, kShiftMm));
  }
}

// The distance that most neighbours have, the smallest of those if several.
double common_gap(const std::vector<double>& sorted_gaps) {
  double best_mm = sorted_gaps.front();
  std::ptrdiff_t best_count = 0;
  for (const double gap : sorted_gaps) {
    const auto end = std::upper_bound(sorted_gaps.begin(), sorted_gaps.end(), gap * (1 + kGapSpread));
    const auto begin = std::lower_bound(sorted_gaps.begin(), sorted_gaps.end(), gap);
    if (end - begin > best_count) best_count = end - begin, best_mm = gap;
  }
  return best_mm;
}

std::string mm(double value) { return fmt::format("{:g} mm", std::round(value * 1000) / 1000); }

// What is wrong with the distances, as a sentence without its end; empty when they are even.
std::string unevenness(const std::vector<double>& sorted_gaps, double common_mm) {
  const double least_mm = sorted_gaps.front(), most_mm = sorted_gaps.back();
  if (most_mm <= least_mm * (1 + kGapSpread)) return "";
  double missing = 0;
  for (const double gap : sorted_gaps) {
    const double steps = gap / common_mm;
    if (std::abs(steps - std::round(steps)) > 0.02) {
      return fmt::format("the slices are unevenly spaced: neighbours lie between {} and {} apart",
                         mm(least_mm), mm(most_mm));
    }
    missing += std::round(steps) - 1;
  }
  return fmt::format("{} slice{} missing: neighbours lie {} apart, but up to {} in places", missing,
                     missing == 1 ? " is" : "s are", mm(common_mm), mm(most_mm));
}

// Sets the k axis of `stack.geometry` from the offsets of the slices.
void space_evenly(SliceStack& stack, bool resample_irregular) {
  std::vector<double> gaps;
  for (std::size_t n = 1; n < stack.offsets_mm.size(); ++n)
    gaps.push_back(stack.offsets_mm[n] - stack.offsets_mm[n - 1]);
  std::sort(gaps.begin(), gaps.end());
  const double common_mm = common_gap(gaps), whole_mm = stack.offsets_mm.back();
  const std::string fault = unevenness(gaps, common_mm);
  if (fault.empty()) {
    stack.geometry.size.k = static_cast<std::int64_t>(stack.order.size());
    stack.geometry.spacing_mm.z = whole_mm / static_cast<double>(gaps.size());
    return;
  }
  if (!resample_irregular) throw Error(ErrorCode::kInvalidInput, fmt::format("{}; {}", fault, kOption));
  stack.resampled = true;
  stack.geometry.size.k = static_cast<std::int64_t>(std::floor(whole_mm / common_mm + 1e-3)) + 1;
  stack.geometry.spacing_mm.z = common_mm;
  stack.notes.push_back(
      fmt::format("As asked, {} slices were interpolated linearly to {} slices {} apart ({}).",
                  stack.order.size(), stack.geometry.size.k, mm(common_mm), fault));
}

}  // namespace

const char* orientation_name(const SlicePlane& plane) {
  const Vec3 n = normal_of(plane);
  const double x = std::abs(n.x), y = std::abs(n.y), z = std::abs(n.z);
  return z >= x && z >= y ? "axial" : y >= x ? "coronal" : "sagittal";
}

std::vector<std::vector<std::size_t>> slice_kinds(std::span<const SlicePlane> planes) {
  std::vector<Indices> kinds;
  for (std::size_t n = 0; n < planes.size(); ++n) {
    const auto kind = std::find_if(kinds.begin(), kinds.end(),
                                   [&](const Indices& k) { return same_kind(planes[n], planes[k.front()]); });
    if (kind == kinds.end()) {
      kinds.push_back({n});
    } else {
      kind->push_back(n);
    }
  }
  std::stable_sort(kinds.begin(), kinds.end(),
                   [](const Indices& a, const Indices& b) { return a.size() > b.size(); });
  return kinds;
}

SliceStack stack_slices(std::span<const SlicePlane> planes, bool resample_irregular) {
  HEPAR_EXPECT(!planes.empty(), "a stack needs slices");
  SliceStack stack;
  Indices kept = majority(planes, stack.notes);
  const SlicePlane& model = planes[kept.front()];
  check_axes(model);
  Mat3 axes;
  axes.set_column(0, model.row_direction);
  axes.set_column(1, model.column_direction);
  axes.set_column(2, normal_of(model));
  const Mat3 direction = nearest_orthonormal(axes);
  const Vec3 normal = direction.column(2);
  const auto offset = [&](std::size_t n) { return planes[n].position_mm.dot(normal); };
  std::stable_sort(kept.begin(), kept.end(),
                   [&](std::size_t a, std::size_t b) { return offset(a) < offset(b); });
  for (const std::size_t n : kept) {
    const bool same_place = !stack.order.empty() && offset(n) - offset(stack.order.back()) < kSamePlaceMm;
    if (same_place) {
      stack.duplicates.emplace_back(stack.order.back(), n);
    } else {
      stack.order.push_back(n);
    }
  }
  if (stack.order.size() < 2) {
    throw Error(ErrorCode::kInvalidInput, "the series has a single slice, a volume needs at least 2");
  }
  for (const std::size_t n : stack.order) stack.offsets_mm.push_back(offset(n) - offset(stack.order.front()));
  check_line(planes, stack.order, normal);
  stack.geometry = {{model.columns, model.rows, 1},
                    {model.column_spacing_mm, model.row_spacing_mm, 1},
                    planes[stack.order.front()].position_mm,
                    direction};
  space_evenly(stack, resample_irregular);
  check_geometry(stack.geometry);
  return stack;
}

}  // namespace hepar::dicom
