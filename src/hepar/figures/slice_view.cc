// SPDX-License-Identifier: Apache-2.0
#include "hepar/figures/slice_view.h"

#include <algorithm>
#include <cmath>

#include "hepar/core/error.h"
#include "hepar/figures/jpeg.h"
#include "hepar/figures/panel.h"

namespace hepar {
namespace {

AxialPlane<std::uint8_t> grey_part(const AxialPlane<float>& plane, const Box3& part,
                                   const SliceViewOptions& options) {
  AxialPlane<std::uint8_t> grey{part.size().i, part.size().j, {}};
  grey.pixels.reserve(static_cast<std::size_t>(grey.width * grey.height));
  for (std::int64_t y = part.low.j; y < part.high.j; ++y) {
    for (std::int64_t x = part.low.i; x < part.high.i; ++x) {
      grey.pixels.push_back(grey_level(plane.at(x, y), options.window_low_hu, options.window_high_hu));
    }
  }
  return grey;
}

// 1 where the layer is, 0 elsewhere and beyond the plane; one pixel more than `part` on every side, so that a
// layer cut by the border does not get a line along it.
AxialPlane<std::uint8_t> layer_part(const AxialPlane<std::uint8_t>& plane, const Box3& part,
                                    const std::vector<std::uint8_t>& inside) {
  AxialPlane<std::uint8_t> mask{part.size().i + 2, part.size().j + 2, {}};
  mask.pixels.reserve(static_cast<std::size_t>(mask.width * mask.height));
  for (std::int64_t y = part.low.j - 1; y <= part.high.j; ++y) {
    for (std::int64_t x = part.low.i - 1; x <= part.high.i; ++x) {
      const bool within = x >= 0 && y >= 0 && x < plane.width && y < plane.height;
      mask.pixels.push_back(
          within && std::find(inside.begin(), inside.end(), plane.at(x, y)) != inside.end() ? 1 : 0);
    }
  }
  return mask;
}

SliceOutline outline_of(const SliceLayer& layer, const AxialPlane<std::uint8_t>& plane, const Box3& part) {
  const AxialPlane<std::uint8_t> mask = layer_part(plane, part, layer.inside);
  SliceOutline result{layer.name, outline(mask, [](std::uint8_t value) { return value != 0; })};
  for (PlaneLoop& loop : result.loops) {
    for (PlanePoint& point : loop) point = {point.x - 1, point.y - 1};
  }
  return result;
}

}  // namespace

Box3 axial_box(const Geometry& geometry, const Box3& voxels, double margin_mm) {
  const AxisOrder order = axis_order_for(geometry, "LPS");
  const Geometry lps = reorient(geometry, order);
  Box3 box;
  for (int axis = 0; axis < 3; ++axis) {
    const int source = order.source_axis[axis];
    const std::int64_t size = lps.size[axis];
    const std::int64_t low = voxels.low[source], high = voxels.high[source];
    const auto margin =
        axis == 2 ? 0 : static_cast<std::int64_t>(std::ceil(margin_mm / lps.spacing_mm[axis]));
    box.low[axis] = std::max<std::int64_t>(0, (order.flipped[axis] ? size - high : low) - margin);
    box.high[axis] = std::min(size, (order.flipped[axis] ? size - low : high) + margin);
  }
  return box;
}

SliceView make_slice_view(const CtVolume& ct, std::span<const SliceLayer> layers, std::int64_t slice,
                          const Box3& part, const SliceViewOptions& options) {
  const AxisOrder order = axis_order_for(ct.geometry(), "LPS");
  const Geometry lps = reorient(ct.geometry(), order);
  HEPAR_EXPECT(slice >= 0 && slice < lps.size.k, "a slice beyond the volume");
  HEPAR_EXPECT(part.low.i >= 0 && part.low.i < part.high.i && part.high.i <= lps.size.i,
               "no part of a slice");
  HEPAR_EXPECT(part.low.j >= 0 && part.low.j < part.high.j && part.high.j <= lps.size.j,
               "no part of a slice");
  for (const SliceLayer& layer : layers) check_grid(ct, layer.labels);

  const AxialPlane<std::uint8_t> grey = grey_part(axial_plane(ct, order, slice), part, options);
  const Vec3 middle{static_cast<double>(lps.size.i - 1) / 2, static_cast<double>(lps.size.j - 1) / 2,
                    static_cast<double>(slice)};
  SliceView view{grey.width,
                 grey.height,
                 lps.spacing_mm.x,
                 lps.spacing_mm.y,
                 encode_jpeg(grey.pixels, grey.width, grey.height, options.jpeg_quality),
                 {},
                 slice,
                 lps.size.k,
                 lps.world_from_index(middle).z};
  for (const SliceLayer& layer : layers) {
    view.outlines.push_back(outline_of(layer, axial_plane(*layer.labels, order, slice), part));
  }
  return view;
}

}  // namespace hepar
