// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/segment.h"

#include "hepar/infer/segment_volume.h"
#include "hepar/pipeline/stage_clock.h"

namespace hepar {

LoadedModel load_model(const std::filesystem::path& folder, const EngineFactory& make_engine) {
  LoadedModel model{.folder = read_model_folder(folder), .folds = {}};
  for (std::size_t fold = 0; fold < model.folder.checkpoints.size(); ++fold) {
    model.folds.push_back(make_engine(model.folder.plan, read_fold(model.folder, fold)));
  }
  return model;
}

LabelMap predict_labels(const CtVolume& ct, LoadedModel& model, Progress* progress) {
  return segment_volume(ct, model.folder, model.folds, {}, progress);
}

CaseResult segment_case(const SegmentRequest& request, const EngineFactory& make_engine, Progress* progress) {
  StageClock clock;
  clock.start("read");
  report(progress, "reading", 0);
  LoadedModel model = load_model(request.model, make_engine);
  LoadedCt ct = load_ct(request.ct);
  clock.start("network");
  LabelMap labels = predict_labels(ct.voxels, model, progress);
  return judge_and_write(ct.voxels, std::move(labels),
                         {request.options, request.output, clock, std::move(ct.notes), progress});
}

}  // namespace hepar
