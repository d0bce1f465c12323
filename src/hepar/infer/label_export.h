// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <span>

#include "hepar/nn/model_folder.h"
#include "hepar/volume/reorient.h"
#include "hepar/volume/volume.h"

namespace hepar {

// Where the logits of a case belong.
struct ExportTarget {
  Geometry scan;           // grid of the labels
  AxisOrder order;         // reorient(scan, order) has the network's axes: its (k, j, i) are d, h, w
  Box3 crop;               // of that reoriented scan: what the network has seen
  Kernel3 network_size{};  // voxels of the network's grid, d, h, w
};

// Takes the probabilities of plane k of the reoriented scan, heads x j x i: sigmoid or softmax of the
// interpolated logits; outside the crop 0, and 1 for a softmax model's background. Called for every plane, in
// ascending order; valid during the call.
using ProbabilitySink = std::function<void(std::int64_t plane, std::span<const float> probabilities)>;

// Labels on a scan's own grid from logits on the network's, plane by plane, so that memory does not grow with
// heads x scan: besides the labels two planes of logits. The logits are interpolated linearly, or across
// the slices of a coarse axis taken from the nearest one, as the plan's logit_resampling says; where the
// grids have the same size they stay as they are. A label model takes the first of the largest logits; a
// region model writes regions_class_order in turn where the sigmoid exceeds 0.5 in float32. 0 outside the
// crop. Rules: nnunetv2/inference/export_prediction.py, utilities/label_handling/label_handling.py,
// convert_probabilities_to_segmentation.
// With parity the interpolation is nnU-Net's (scipy.ndimage.zoom: corner by corner in double, d outermost,
// rounded to float16 at the end), else float32.
class LabelExport {
 public:
  // Throws Error(kUnsupported) when the plan wants logits resampled by another order than linear.
  LabelExport(const ExportTarget& target, const ModelPlan& plan, const DatasetLabels& labels, bool parity,
              ProbabilitySink probabilities = {});
  ~LabelExport();
  // The logits of plane d, heads x h x w, finite; all planes must come, in ascending order.
  void add(std::int64_t d, std::span<const float> logits);
  WideLabelMap finish();  // after the last plane, once

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hepar
