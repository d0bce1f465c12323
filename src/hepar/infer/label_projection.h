// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "hepar/nn/tensor.h"
#include "hepar/volume/reorient.h"
#include "hepar/volume/volume.h"

namespace hepar {

// Labels on the grid of `scan` from region logits (1, regions, k, j, i) on a coarser or finer grid over the
// same field, whose axes are those of reorient(scan, order). The logits are interpolated linearly at
// (index + 0.5) * size / scan size - 0.5, held constant beyond the outermost voxel centres; a region whose
// logit is > 0, that is whose probability exceeds 0.5, writes its label, later regions over earlier ones.
// Rules: nnunetv2/inference/export_prediction.py and utilities/label_handling.py (regions_class_order).
// Memory besides the result: one slice of the logits and one row of the scan per thread.
LabelMap project_labels(const Tensor& logits, const std::vector<int>& regions_class_order,
                        const Geometry& scan, const AxisOrder& order);

}  // namespace hepar
