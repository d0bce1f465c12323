// SPDX-License-Identifier: Apache-2.0
#include "hepar/lesion/lesion_patch.h"

#include <algorithm>
#include <cmath>

#include "hepar/imaging/box.h"
#include "hepar/imaging/image_quality.h"

namespace hepar {
namespace {

std::array<int, 3> axes_with_slices_last(const Geometry& geometry) {
  const int slices = slice_axis(geometry);
  return {slices == 0 ? 1 : 0, slices == 2 ? 1 : 2, slices};
}

// The tissue of a voxel by its label; background only where it is no liver by its HU.
constexpr std::array<Tissue, 4> kTissues{Tissue::kOutside, Tissue::kParenchyma, Tissue::kOtherLesion,
                                         Tissue::kOtherLesion};

bool looks_like_liver(float hu) { return hu >= kSoftestLiverHu && hu <= kDensestLiverHu; }

}  // namespace

Int3 LesionPatch::volume_index(Int3 at) const {
  Int3 index = box.low;
  for (int n = 0; n < 3; ++n) index[axis[static_cast<std::size_t>(n)]] += at[n];
  return index;
}

LesionPatch cut_patch(const CtVolume& ct, const LabelMap& labels, std::span<const VoxelRun> runs,
                      const Box3& bounds, const PatchOptions& options) {
  LesionPatch patch;
  const Vec3 spacing_mm = ct.geometry().spacing_mm;
  patch.box = intersection(grown_box(bounds, spacing_mm, options.margin_mm), whole_box(ct.geometry()));
  patch.axis = axes_with_slices_last(ct.geometry());
  Int3 volume_stride{1, ct.size().i, ct.size().i * ct.size().j}, stride;  // of the volume's axes in the patch
  std::int64_t step = 1;
  for (int n = 0; n < 3; ++n) {
    const int axis = patch.axis[static_cast<std::size_t>(n)];
    patch.size[n] = patch.box.size()[axis];
    patch.spacing_mm[n] = spacing_mm[axis];
    stride[axis] = step;
    step *= patch.size[n];
  }
  patch.hu.resize(static_cast<std::size_t>(step));
  patch.tissue.resize(static_cast<std::size_t>(step));
  for (std::int64_t k = patch.box.low.k; k < patch.box.high.k; ++k) {
    for (std::int64_t j = patch.box.low.j; j < patch.box.high.j; ++j) {
      const Int3 first{patch.box.low.i, j, k};
      const float* const hu = &ct[first];
      const std::uint8_t* const label = &labels[first];
      std::int64_t at = (j - patch.box.low.j) * stride.j + (k - patch.box.low.k) * stride.k;
      for (std::int64_t n = 0; n < patch.box.size().i; ++n, at += stride.i) {
        const bool finite = std::isfinite(hu[n]);
        const Tissue tissue = kTissues[std::min<std::uint8_t>(label[n], kCyst)];
        const bool guessed = options.liver_by_hu && tissue == Tissue::kOutside && looks_like_liver(hu[n]);
        patch.hu[static_cast<std::size_t>(at)] = finite ? hu[n] : -1024.0F;
        patch.tissue[static_cast<std::size_t>(at)] = !finite   ? Tissue::kOutside
                                                     : guessed ? Tissue::kParenchyma
                                                               : tissue;
      }
    }
  }
  for (const VoxelRun& run : runs) {
    const std::int64_t k = run.first / volume_stride.k, j = run.first % volume_stride.k / volume_stride.j,
                       i = run.first % volume_stride.j;
    std::int64_t at = (i - patch.box.low.i) * stride.i + (j - patch.box.low.j) * stride.j +
                      (k - patch.box.low.k) * stride.k;
    for (std::int32_t n = 0; n < run.length; ++n, at += stride.i) {
      patch.tissue[static_cast<std::size_t>(at)] = Tissue::kOwn;
    }
  }
  return patch;
}

}  // namespace hepar
