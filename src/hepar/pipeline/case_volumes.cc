// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/case_volumes.h"

#include <fmt/format.h>

#include <array>

#include "hepar/core/error.h"
#include "hepar/io/image_io.h"
#include "hepar/pipeline/ct_input.h"
#include "hepar/volume/reorient.h"

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

LabelMap load_labels(const fs::path& file, const Geometry& grid,
                     const std::array<std::uint8_t, 256>& translation) {
  LabelMap labels = read_labels(file).voxels;
  lay_onto(labels, grid);
  for (std::uint8_t& value : labels.voxels()) value = translation[value];
  return labels;
}

}  // namespace

SliceLabels CaseVolumes::slice_labels() const {
  return {.before = before ? &*before : &prediction,
          .after = before ? &prediction : nullptr,
          .reference = reference ? &*reference : nullptr};
}

CaseVolumes load_case_volumes(const CasePaths& paths, const EvaluationOptions& options) {
  CaseVolumes volumes;
  if (paths.ct.empty()) return volumes;
  const auto translation = label_translation(options);
  try {
    CtVolume ct = load_ct({.path = paths.ct, .series = {}}).voxels;
    const Geometry& grid = ct.geometry();
    volumes.prediction = load_labels(paths.prediction, grid, translation);
    const fs::path unfiltered = paths.prediction.parent_path() / kUnfilteredFile;
    if (paths.prediction.filename() == kLabelsFile && fs::exists(unfiltered)) {
      volumes.before = load_labels(unfiltered, grid, translation);
    }
    if (!paths.reference.empty()) volumes.reference = load_labels(paths.reference, grid, translation);
    volumes.ct = std::move(ct);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kInternal || error.code() == ErrorCode::kExhausted) throw;
    volumes.notes.push_back(fmt::format("no slices: {}", error.what()));
  }
  return volumes;
}

}  // namespace hepar
