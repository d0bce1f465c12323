// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/segment.h"

#include <fmt/format.h>

#include <algorithm>

#include "hepar/imaging/connected_components.h"
#include "hepar/pipeline/stage_clock.h"

namespace hepar {

Prediction predict_labels(const CtVolume& ct, const Model& model, Progress* progress) {
  // The demonstration model was trained without mirroring.
  const WideLabelMap predicted = model.predict(ct, {.mirror = false}, progress);
  Prediction prediction{.labels = LabelMap(ct.geometry()), .notes = {}};
  std::transform(predicted.voxels().begin(), predicted.voxels().end(), prediction.labels.voxels().begin(),
                 [](std::uint16_t label) { return static_cast<std::uint8_t>(label); });
  const std::string note = drop_liver_islands(prediction.labels);
  if (!note.empty()) prediction.notes.push_back(note);
  return prediction;
}

std::string drop_liver_islands(LabelMap& labels) {
  Mask mask = labels;
  for (std::uint8_t& value : mask.voxels()) value = value != kBackground ? 1 : 0;
  const ComponentRuns parts = find_components(mask, 1);
  std::int64_t largest = 0;
  for (const Component& part : parts.components) largest = std::max(largest, part.voxels);
  const auto voxels = labels.voxels();
  std::int64_t islands = 0, dropped_voxels = 0;
  for (const Component& part : parts.components) {
    const auto runs = parts.runs_of(part);
    const bool holds_lesion = std::any_of(runs.begin(), runs.end(), [&](const VoxelRun& run) {
      const auto row =
          voxels.subspan(static_cast<std::size_t>(run.first), static_cast<std::size_t>(run.length));
      return std::any_of(row.begin(), row.end(), [](std::uint8_t value) { return value != kLiver; });
    });
    if (part.voxels == largest || holds_lesion) continue;
    for (const VoxelRun& run : runs) {
      const auto row =
          voxels.subspan(static_cast<std::size_t>(run.first), static_cast<std::size_t>(run.length));
      std::fill(row.begin(), row.end(), kBackground);
    }
    ++islands;
    dropped_voxels += part.voxels;
  }
  if (islands == 0) return {};
  return fmt::format(
      "{} islands of predicted liver ({:.1f} mL in all, no tumour in them) lie apart from the liver and were "
      "left out",
      islands, labels.geometry().voxel_volume_ml() * static_cast<double>(dropped_voxels));
}

CaseResult segment_case(const SegmentRequest& request, const EngineFactory& make_engine, Progress* progress) {
  StageClock clock;
  clock.start("read");
  report(progress, "reading", 0);
  const Model model = load_model(request.model, make_engine);
  LoadedCt ct = load_ct(request.ct);
  clock.start("network");
  Prediction prediction = predict_labels(ct.voxels, model, progress);
  ct.notes.insert(ct.notes.end(), prediction.notes.begin(), prediction.notes.end());
  return judge_and_write(ct.voxels, std::move(prediction.labels),
                         {"segment",
                          {{"ct", request.ct.path, {}}, {"model", request.model, {}}},
                          request.options,
                          request.output,
                          clock,
                          std::move(ct.notes),
                          progress});
}

}  // namespace hepar
