// SPDX-License-Identifier: Apache-2.0
#include "hepar/infer/segment_volume.h"

#include <algorithm>

#include "hepar/imaging/box.h"
#include "hepar/infer/label_projection.h"
#include "hepar/plan/preprocess.h"

namespace hepar {

LabelMap segment_volume(const CtVolume& ct, const ModelFolder& model,
                        std::span<const std::unique_ptr<Engine>> folds, const InferenceOptions& options,
                        Progress* progress) {
  report(progress, "prepare", 0.0);
  PreprocessedCase prepared = preprocess(ct, model.plan);
  Volume<float> image(network_grid(prepared));
  std::copy(prepared.image.values.begin(), prepared.image.values.end(), image.voxels().begin());
  prepared.image = {};
  const Kernel3& patch = model.plan.patch_size;
  const Tensor logits = predict_logits(image, folds, {patch[2], patch[1], patch[0]}, options, progress);
  image = {};
  report(progress, "project", 0.0);
  const Box3 box = reordered_box(prepared.crop, prepared.reordered.size, inverse(prepared.order));
  const LabelMap part = project_labels(logits, model.labels.regions_class_order,
                                       box_geometry(ct.geometry(), box), prepared.order);
  LabelMap labels(ct.geometry());
  for (std::int64_t k = box.low.k; k < box.high.k; ++k) {
    for (std::int64_t j = box.low.j; j < box.high.j; ++j) {
      const Int3 row{box.low.i, j, k};
      std::copy_n(&part[row - box.low], box.size().i, &labels[row]);
    }
  }
  return labels;
}

}  // namespace hepar
