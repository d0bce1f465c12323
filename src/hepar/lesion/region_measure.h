// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "hepar/lesion/lesion_patch.h"
#include "hepar/lesion/lesion_region.h"

namespace hepar {

// The CT's values under the runs. Error(kInvalidInput) for one that is not a finite number.
std::vector<float> gather(const CtVolume& ct, std::span<const VoxelRun> runs);

// Fills histogram, fit, lowest, highest and percentiles from the voxels' values.
void measure_values(std::vector<float> values, LesionRegion& region);

// Fills number of voxels, volume, centroid and bounds.
void measure_place(const Geometry& geometry, std::span<const VoxelRun> runs, LesionRegion& region);

// Fills the evidence and the interior's fits.
void measure_interior(const LesionPatch& patch, const LiverReference& liver, LesionRegion& region);

// The runs of the patch's own voxels in the volume.
std::vector<VoxelRun> runs_of_own(const LesionPatch& patch, const Geometry& geometry);

}  // namespace hepar
