// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/case_volumes.h"

#include <fmt/format.h>

#include <array>

#include "hepar/core/error.h"
#include "hepar/pipeline/ct_input.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;

// From the labels of the user's regions to Hepar's own.
std::array<std::uint8_t, 256> label_translation(const EvaluationOptions& options) {
  std::array<std::uint8_t, 256> translation{};
  const auto set = [&](const RegionSpec& region, std::uint8_t value) {
    for (const std::uint8_t label : region.labels) translation[label] = value;
  };
  bool known = false;
  constexpr std::array<std::pair<const char*, std::uint8_t>, 3> kNames{
      {{"liver", kLiver}, {"tumour", kTumour}, {"cyst", kCyst}}};
  for (const auto& [name, value] : kNames) {  // the liver first, as the others lie within it
    for (const RegionSpec& region : options.regions) {
      if (region.name == name) set(region, value), known = true;
    }
  }
  if (!known) {
    for (const RegionSpec& region : options.regions) set(region, kTumour);
  }
  return translation;
}

LabelMap translated_labels(const fs::path& file, const CtGrid& grid, const std::vector<RoiLabel>& rois,
                           const std::array<std::uint8_t, 256>& translation) {
  LabelMap labels = load_labels(file, grid, rois).voxels;
  for (std::uint8_t& value : labels.voxels()) value = translation[value];
  return labels;
}

}  // namespace

SliceLabels CaseVolumes::slice_labels() const {
  return {.before = before ? &*before : &prediction,
          .after = before ? &prediction : nullptr,
          .reference = reference ? &*reference : nullptr};
}

CaseVolumes load_case_volumes(const CasePaths& paths, const EvaluationOptions& options,
                              const std::vector<RoiLabel>& rois) {
  CaseVolumes volumes;
  if (paths.ct.empty()) return volumes;
  const auto translation = label_translation(options);
  try {
    LoadedCt ct = load_ct(
        {.path = paths.ct,
         .series = series_for(needs_grid(paths.reference) ? paths.reference : paths.prediction, paths.ct)});
    const CtGrid grid = ct.series ? *ct.series : grid_without_series(ct.voxels.geometry());
    const auto load = [&](const fs::path& file) { return translated_labels(file, grid, rois, translation); };
    volumes.prediction = load(paths.prediction);
    const fs::path unfiltered = paths.prediction.parent_path() / kUnfilteredFile;
    if (paths.prediction.filename() == kLabelsFile && fs::exists(unfiltered)) {
      volumes.before = load(unfiltered);
    }
    if (!paths.reference.empty()) volumes.reference = load(paths.reference);
    volumes.ct = std::move(ct.voxels);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kInternal || error.code() == ErrorCode::kExhausted) throw;
    volumes.notes.push_back(fmt::format("no slices: {}", error.what()));
  }
  return volumes;
}

}  // namespace hepar
