// SPDX-License-Identifier: Apache-2.0
#include "hepar/infer/segment_volume.h"

#include "hepar/infer/label_projection.h"
#include "hepar/plan/preprocess.h"

namespace hepar {

LabelMap segment_volume(const CtVolume& ct, const ModelFolder& model,
                        std::span<const std::unique_ptr<Engine>> folds, const InferenceOptions& options,
                        Progress* progress) {
  report(progress, "prepare", 0.0);
  PreprocessedCase prepared = preprocess(ct, model.plan);
  const Kernel3& patch = model.plan.patch_size;
  const Tensor logits =
      predict_logits(prepared.image, folds, {patch[2], patch[1], patch[0]}, options, progress);
  prepared.image = {};
  report(progress, "project", 0.0);
  return project_labels(logits, model.labels.regions_class_order, ct.geometry(), prepared.order);
}

}  // namespace hepar
