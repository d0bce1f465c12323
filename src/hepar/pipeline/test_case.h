// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "hepar/core/file.h"
#include "hepar/io/image_io.h"
#include "hepar/pipeline/filter.h"
#include "hepar/volume/volume.h"

namespace hepar {

// A liver of 110 HU, 60 x 60 x 40 mm, with a tumour of 80 HU and a cyst of 5 HU, balls of 16 mm at x = 20 and
// x = 42 mm; in both the middle voxels, the label map calls both tumour. HU vary by +-4 in a fixed pattern.
struct TwoLesionCase {
  CtVolume ct;
  LabelMap predicted, truth;
};
inline TwoLesionCase two_lesion_case() {
  const Geometry grid{.size = {32, 32, 20}, .spacing_mm = {2, 2, 2}, .origin_mm = {-10, 5, 100}};
  TwoLesionCase made{CtVolume(grid, 40.0F), LabelMap(grid, kLiver), LabelMap(grid, kLiver)};
  const auto inside = [](Int3 at, double x_mm) {
    const Vec3 d = 2.0 * to_vec(at) - Vec3{x_mm, 30, 20};
    return d.norm() <= 8;
  };
  for (Int3 at; at.k < grid.size.k; ++at.k)
    for (at.j = 0; at.j < grid.size.j; ++at.j)
      for (at.i = 0; at.i < grid.size.i; ++at.i) {
        const auto noise = static_cast<float>((at.i * 7 + at.j * 5 + at.k * 3) % 9 - 4);
        const bool tumour = inside(at, 20), cyst = inside(at, 42);
        made.ct[at] = (tumour ? 80.0F : cyst ? 5.0F : 110.0F) + noise;
        if (tumour || cyst) made.predicted[at] = kTumour;
        if (tumour || cyst) made.truth[at] = tumour ? kTumour : kCyst;
      }
  return made;
}

// Writes it to folder/{ct,predicted,truth}.nii.gz and filters it by the paper's rule into folder/NAME.
inline CaseResult write_filtered_case(const std::filesystem::path& folder, const std::string& name) {
  const TwoLesionCase made = two_lesion_case();
  write_ct(folder / "ct.nii.gz", made.ct);
  write_labels(folder / "predicted.nii.gz", made.predicted);
  write_labels(folder / "truth.nii.gz", made.truth);
  FilterRequest request;
  request.ct.path = folder / "ct.nii.gz";
  request.labels = folder / "predicted.nii.gz";
  request.output = folder / name;
  request.options.rule = LesionRule::kPaper;
  return filter_case(request);
}

}  // namespace hepar
