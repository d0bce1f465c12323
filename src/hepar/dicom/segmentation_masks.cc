// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/dicom/frame_of_reference.h"
#include "hepar/dicom/packed_bits.h"
#include "hepar/dicom/segmentation.h"
#include "hepar/dicom/segmentation_frames.h"
#include "hepar/volume/reorient.h"

namespace hepar {
namespace {

constexpr double kInPlaneMm = 0.01;
constexpr double kAcross = 0.1;  // of the slice distance

bool is_empty(const SegmentFrame& frame) {
  return std::ranges::all_of(frame.pixels, [](std::uint8_t byte) { return byte == 0; });
}

[[noreturn]] void refuse(const std::string& difference) {
  throw Error(ErrorCode::kInvalidInput, "the segmentation does not lie on the grid: " + difference);
}

// The order of axes that turns `grid` so that i and j run as the rows and columns of the frames.
AxisOrder order_along(const Geometry& grid, const Geometry& plane) {
  constexpr double kParallel = 0.999;  // the corners decide; this only finds the partner
  AxisOrder order;
  for (int a = 0; a < 3; ++a) {
    int source = -1;
    for (int s = 0; s < 3; ++s) {
      const double cosine = grid.direction.column(s).dot(plane.direction.column(a));
      if (std::abs(cosine) < kParallel) continue;
      source = s;
      order.flipped[a] = cosine < 0;
    }
    if (source < 0) refuse("its slices are oblique to the grid's");
    order.source_axis[a] = source;
  }
  return order;
}

// The slice of `grid` on which a frame lies, wherever within the slices or beyond. Checks all four corners.
std::int64_t slice_of(const SegmentFrame& frame, Geometry plane, const Geometry& grid) {
  plane.origin_mm = frame.position_mm;
  const double slice = std::round(grid.index_from_world(frame.position_mm).z);
  for (const std::int64_t j : {std::int64_t{0}, plane.size.j - 1}) {
    for (const std::int64_t i : {std::int64_t{0}, plane.size.i - 1}) {
      const Vec3 wanted = to_vec({i, j, 0});
      const Vec3 index = grid.index_from_world(plane.world_from_index(wanted));
      const double off_i_mm = std::abs(index.x - wanted.x) * grid.spacing_mm.x,
                   off_j_mm = std::abs(index.y - wanted.y) * grid.spacing_mm.y;
      if (!(std::max(off_i_mm, off_j_mm) <= kInPlaneMm)) {
        refuse(fmt::format("its pixels are {:.3f} mm off in plane, up to {} is allowed",
                           std::max(off_i_mm, off_j_mm), kInPlaneMm));
      }
      if (!(std::abs(index.z - slice) <= kAcross)) {
        refuse(fmt::format("a frame lies {:.3f} mm from the nearest of its slices, {:.3f} mm apart",
                           std::abs(index.z - slice) * grid.spacing_mm.z, grid.spacing_mm.z));
      }
    }
  }
  if (std::abs(slice) > 1e9) refuse("a frame lies far outside");
  return static_cast<std::int64_t>(slice);
}

void check_segment(const Segmentation& segmentation, int segment) {
  for (const Segment& known : segmentation.segments) {
    if (known.number == segment) return;
  }
  throw Error(ErrorCode::kInvalidInput, fmt::format("the segmentation has no segment {}, but {} others",
                                                    segment, segmentation.segments.size()));
}

}  // namespace

namespace dicom {

std::vector<const SegmentFrame*> frames_by_slice(const Segmentation& segmentation, int segment,
                                                 const Geometry& grid) {
  const Geometry& plane = segmentation.plane;
  if (grid.size.i != plane.size.i || grid.size.j != plane.size.j) {
    refuse(fmt::format("its frames have {} x {} pixels, the slices {} x {}", plane.size.i, plane.size.j,
                       grid.size.i, grid.size.j));
  }
  std::vector<const SegmentFrame*> frames(static_cast<std::size_t>(grid.size.k));
  for (const SegmentFrame& frame : segmentation.frames) {
    if (frame.segment != segment) continue;
    const std::int64_t slice = slice_of(frame, plane, grid);
    if (slice < 0 || slice >= grid.size.k) {
      if (is_empty(frame)) continue;
      refuse(fmt::format("a frame lies on slice {} of {}", slice + 1, grid.size.k));
    }
    const SegmentFrame*& known = frames[static_cast<std::size_t>(slice)];
    if (known != nullptr && known->pixels != frame.pixels)
      refuse(fmt::format("segment {} has two different frames on slice {}", segment, slice + 1));
    known = &frame;
  }
  return frames;
}

}  // namespace dicom

namespace {

// Fills the slices of a volume by fill(frame, voxels), on the turned grid, and turns it back.
template <class T, class Fill>
Volume<T> fill_volume(const Segmentation& segmentation, int segment, const Geometry& grid, const Fill& fill) {
  check_segment(segmentation, segment);
  check_geometry(grid);
  const AxisOrder order = order_along(grid, segmentation.plane);
  Volume<T> turned(reorient(grid, order));
  const auto frames = dicom::frames_by_slice(segmentation, segment, turned.geometry());
  const auto area = static_cast<std::size_t>(turned.size().i * turned.size().j);
  parallel_for(turned.size().k, [&](std::int64_t k) {
    const auto slice = static_cast<std::size_t>(k);
    if (frames[slice] != nullptr) fill(*frames[slice], turned.voxels().subspan(slice * area, area));
  });
  if (turned.geometry() == grid) return turned;
  Volume<T> result(grid);
  std::ranges::copy(reorient(turned, inverse(order)).voxels(), result.voxels().begin());
  return result;
}

}  // namespace

Mask segment_mask(const Segmentation& segmentation, int segment, const Geometry& grid) {
  return fill_volume<std::uint8_t>(
      segmentation, segment, grid, [&](const SegmentFrame& frame, std::span<std::uint8_t> voxels) {
        if (segmentation.maximum_value == 1) return dicom::unpack_bits(frame.pixels, voxels);
        std::ranges::transform(frame.pixels, voxels.begin(), [&](std::uint8_t value) {
          return static_cast<std::uint8_t>(2 * value >= segmentation.maximum_value ? 1 : 0);
        });
      });
}

SegmentMask segment_mask(const Segmentation& segmentation, int segment, const CtGrid& ct) {
  const bool same = dicom::shares_frame(segmentation.frame_of_reference_uid, ct, "segmentation");
  SegmentMask result{segment_mask(segmentation, segment, ct.geometry), {}};
  if (!same && (ct.series_uid.empty() || segmentation.series_uid != ct.series_uid)) {
    result.notes.emplace_back(
        "nothing proves that the segmentation was drawn on this CT: they share no frame of reference and it "
        "does not name this series");
  }
  const std::string& label = std::ranges::find(segmentation.segments, segment, &Segment::number)->label;
  if (segmentation.maximum_value > 1) {
    result.notes.push_back(
        fmt::format("fractional segment '{}' counts as inside from half of its maximum on", label));
  }
  if (std::ranges::none_of(result.mask.voxels(), [](std::uint8_t voxel) { return voxel != 0; }))
    result.notes.push_back(fmt::format("segment '{}' holds no voxel", label));
  return result;
}

Volume<float> segment_probability(const Segmentation& segmentation, int segment, const Geometry& grid) {
  return fill_volume<float>(
      segmentation, segment, grid, [&](const SegmentFrame& frame, std::span<float> voxels) {
        std::vector<std::uint8_t> values = frame.pixels;
        if (segmentation.maximum_value == 1) {
          values.resize(voxels.size());
          dicom::unpack_bits(frame.pixels, values);
        }
        const auto maximum = static_cast<float>(segmentation.maximum_value);
        std::ranges::transform(values, voxels.begin(),
                               [maximum](std::uint8_t value) { return static_cast<float>(value) / maximum; });
      });
}

}  // namespace hepar
