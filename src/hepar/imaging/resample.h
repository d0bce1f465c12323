// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hepar/imaging/box.h"
#include "hepar/volume/volume.h"

namespace hepar {

enum class Interpolation {
  kNearest,  // ties go to the higher index
  kLinear,
  kCubic,  // cubic B-spline through the samples (prefiltered), cut to the range of the source's values
};

// `source` seen on another grid, any two sizes, spacings and directions. Beyond the source's field, more
// than half a voxel past its outermost voxel centres, lies `outside_value`; in that last half voxel the
// outermost values go on unchanged. No smoothing before shrinking.
// Along parallel axes the work is three passes of one axis each, the most shrinking one first, so that no
// copy of a large source is made; oblique cubic resampling needs one float copy of the source.
// The same as nnU-Net's resampling (orders 0, 1, 3 of skimage.transform.resize with mode 'edge',
// anti_aliasing off, clip on) when `target` is the grid that geometry_with_spacing() returns.
// Source of the spline prefilter: Unser, Aldroubi & Eden, IEEE Trans. Signal Process. 41(2):821, 1993.
Volume<float> resample(const Volume<float>& source, const Geometry& target, Interpolation interpolation,
                       float outside_value);

// The part `box` of what resample() returns, bit for bit, in its own grid box_geometry(target, box), at
// the cost of that part (for cubic, of whole source lines). `box` must lie within the target.
Volume<float> resample_box(const Volume<float>& source, const Geometry& target, const Box3& box,
                           Interpolation interpolation, float outside_value);

// The label of the nearest voxel; 0 beyond the source's field.
LabelMap resample_labels(const LabelMap& source, const Geometry& target);

// The grid over the same field of view with about the given spacing: along each axis
// round_half_to_even(size * spacing / new spacing) voxels, at least 1, and the spacing that makes the
// outer voxel faces coincide. Source: nnU-Net v2, preprocessing/resampling/default_resampling.py.
Geometry geometry_with_spacing(const Geometry& geometry, Vec3 spacing_mm);

}  // namespace hepar
