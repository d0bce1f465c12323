// SPDX-License-Identifier: Apache-2.0
#include "hepar/imaging/morphology.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "hepar/core/error.h"
#include "hepar/imaging/box.h"
#include "hepar/imaging/distance.h"

namespace hepar {
namespace {

// Voxels exactly one radius away belong to the ball in spite of rounding.
constexpr double kRadiusTolerance_mm = 1e-6;

double squared_reach_mm2(double radius_mm) {
  const double reach_mm = radius_mm + kRadiusTolerance_mm;
  return reach_mm * reach_mm;
}

void dilate_in_place(Mask& mask, double radius_mm) {
  const Volume<double> squared = squared_distance_mm2(mask);
  const double reach = squared_reach_mm2(radius_mm);
  std::transform(squared.voxels().begin(), squared.voxels().end(), mask.voxels().begin(),
                 [reach](double d) { return static_cast<std::uint8_t>(d <= reach); });
}

// Needs a margin of background around the mask.
void erode_in_place(Mask& mask, double radius_mm) {
  for (auto& voxel : mask.voxels()) voxel = voxel == 0 ? 1 : 0;
  dilate_in_place(mask, radius_mm);
  for (auto& voxel : mask.voxels()) voxel = voxel == 0 ? 1 : 0;
}

// Runs `change` on the box around the mask with room for the ball and a margin of background, beyond the
// image if need be, and puts the part inside the image on an empty mask.
template <class Change>
Mask changed_in_box(const Mask& mask, double radius_mm, const Change& change) {
  if (!std::isfinite(radius_mm) || radius_mm < 0) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("the radius is {} mm; it must be 0 or a positive number", radius_mm));
  }
  Mask result(mask.geometry());
  const auto found = bounding_box(mask);
  if (!found) return result;
  Box3 box = *found;
  for (int axis = 0; axis < 3; ++axis) {
    const double steps = std::ceil(radius_mm / mask.geometry().spacing_mm[axis]);
    const auto margin = static_cast<std::int64_t>(std::min(steps, 1e6)) + 1;
    box.low[axis] -= margin, box.high[axis] += margin;
  }
  Mask part = crop(mask, box);
  change(part);
  const Box3 common = intersection(box, whole_box(mask.geometry()));
  for (std::int64_t k = common.low.k; k < common.high.k; ++k) {
    for (std::int64_t j = common.low.j; j < common.high.j; ++j) {
      const Int3 at{common.low.i, j, k};
      std::copy_n(&part[at - box.low], common.size().i, &result[at]);
    }
  }
  return result;
}

}  // namespace

Mask dilate(const Mask& mask, double radius_mm) {
  return changed_in_box(mask, radius_mm, [=](Mask& part) { dilate_in_place(part, radius_mm); });
}

Mask erode(const Mask& mask, double radius_mm) {
  return changed_in_box(mask, radius_mm, [=](Mask& part) { erode_in_place(part, radius_mm); });
}

Mask opening(const Mask& mask, double radius_mm) {
  return changed_in_box(mask, radius_mm, [=](Mask& part) {
    erode_in_place(part, radius_mm);
    dilate_in_place(part, radius_mm);
  });
}

Mask closing(const Mask& mask, double radius_mm) {
  return changed_in_box(mask, radius_mm, [=](Mask& part) {
    dilate_in_place(part, radius_mm);
    erode_in_place(part, radius_mm);
  });
}

}  // namespace hepar
