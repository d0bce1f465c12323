// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/label_input.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <functional>

#include "hepar/core/error.h"
#include "hepar/dicom/dicom_kind.h"
#include "hepar/dicom/roi_masks.h"
#include "hepar/dicom/segmentation.h"
#include "hepar/dicom/structure_set.h"
#include "hepar/pipeline/import_dataset.h"
#include "hepar/pipeline/name_pattern.h"
#include "hepar/volume/reorient.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;

// A structure of a file, read when its turn comes.
struct NamedStructure {
  std::string name;
  std::uint8_t label;  // 0: none
  std::function<RoiMask()> mask;
};

// Later ones lie over earlier ones.
int layer_of(std::uint8_t label) { return label == kTumour ? 257 : label == kCyst ? 256 : label; }

// Paints the mask; returns how many voxels of another structure than the liver it covers.
std::int64_t paint(const Mask& mask, std::uint8_t label, LabelMap& labels) {
  std::int64_t covered = 0;
  for (std::size_t n = 0; n < mask.voxels().size(); ++n) {
    if (mask.voxels()[n] == 0) continue;
    std::uint8_t& voxel = labels.voxels()[n];
    covered += voxel != kBackground && voxel != kLiver && voxel != label ? 1 : 0;
    voxel = label;
  }
  return covered;
}

LoadedLabels lay_structures(std::vector<NamedStructure> structures, const fs::path& file,
                            const CtGrid& grid) {
  LoadedLabels result{LabelMap(grid.geometry), {}, {}};
  std::vector<std::string> names;
  for (const NamedStructure& structure : structures) {
    names.push_back(structure.name);
    if (structure.label == 0) result.unlabelled.push_back(structure.name);
  }
  std::erase_if(structures, [](const NamedStructure& s) { return s.label == 0; });
  if (structures.empty()) {
    throw Error(
        ErrorCode::kInvalidInput,
        fmt::format(
            "no structure of {} has a known name, it holds: {}; give them labels with --roi NAME=VALUE",
            file.string(), fmt::join(names, ", ")));
  }
  std::ranges::stable_sort(structures, {}, [](const NamedStructure& s) { return layer_of(s.label); });
  for (const NamedStructure& structure : structures) {
    const RoiMask found = structure.mask();
    result.notes.insert(result.notes.end(), found.notes.begin(), found.notes.end());
    const std::int64_t covered = paint(found.mask, structure.label, result.voxels);
    if (covered > 0) {
      result.notes.push_back(fmt::format("{} voxels of '{}' are in another structure, too, and get its label",
                                         covered, structure.name));
    }
  }
  return result;
}

LoadedLabels load_structure_set(const fs::path& file, const CtGrid& grid, const std::vector<RoiLabel>& rois) {
  const StructureSet set = read_structure_set(file);
  std::vector<NamedStructure> structures;
  std::vector<std::string> empty;
  for (const Roi& roi : set.rois) {
    if (roi.contours.empty()) {
      empty.push_back(roi.name);
    } else {
      structures.push_back(
          {roi.name, roi_label(roi.name, rois), [&set, &roi, &grid] { return roi_mask(set, roi, grid); }});
    }
  }
  LoadedLabels result = lay_structures(std::move(structures), file, grid);
  result.notes.insert(result.notes.begin(), set.notes.begin(), set.notes.end());
  if (!empty.empty()) {
    result.notes.push_back(fmt::format("structures without a contour: {}", fmt::join(empty, ", ")));
  }
  return result;
}

LoadedLabels load_segmentation(const fs::path& file, const CtGrid& grid, const std::vector<RoiLabel>& rois) {
  const Segmentation segmentation = read_segmentation(file);
  std::vector<NamedStructure> structures;
  for (const Segment& segment : segmentation.segments) {
    structures.push_back({segment.label, roi_label(segment.label, rois), [&, number = segment.number] {
                            SegmentMask found = segment_mask(segmentation, number, grid);
                            return RoiMask{std::move(found.mask), std::move(found.notes)};
                          }});
  }
  LoadedLabels result = lay_structures(std::move(structures), file, grid);
  result.notes.insert(result.notes.begin(), segmentation.notes.begin(), segmentation.notes.end());
  return result;
}

}  // namespace

std::vector<RoiLabel> default_roi_labels() {
  // One list of names with the importers: what they take for a tumour must not be passed over here.
  const StructureNames names;
  std::vector<RoiLabel> rois;
  for (const auto& [patterns, label] :
       {std::pair(names.tumour, kTumour), std::pair(names.cyst, kCyst), std::pair(names.liver, kLiver)}) {
    for (const std::string& pattern : patterns) rois.push_back({pattern, label});
  }
  return rois;
}

RoiLabel parse_roi_label(std::string_view text) {
  const std::size_t split = text.rfind('=');
  int value = 0;
  if (split != std::string_view::npos && split > 0) {
    const std::string_view digits = text.substr(split + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || end != digits.data() + digits.size()) value = 0;
  }
  if (value < 1 || value > 255) {
    throw Error(
        ErrorCode::kInvalidInput,
        fmt::format("\"{}\" is no structure's label; write NAME=VALUE with a value from 1 to 255, such as "
                    "\"Spleen=5\"",
                    text));
  }
  return {std::string(text.substr(0, split)), static_cast<std::uint8_t>(value)};
}

std::uint8_t roi_label(std::string_view name, const std::vector<RoiLabel>& rois) {
  const auto found =
      std::ranges::find_if(rois, [&](const RoiLabel& roi) { return matches_pattern(name, roi.pattern); });
  return found == rois.end() ? std::uint8_t{0} : found->label;
}

CtGrid grid_without_series(const Geometry& geometry) {
  CtGrid grid;
  grid.geometry = geometry;
  for (std::int64_t k = 0; k < geometry.size.k; ++k) {
    grid.slices.push_back({{}, geometry.world_from_index({0, 0, static_cast<double>(k)}), {}});
  }
  return grid;
}

LoadedLabels load_labels(const fs::path& file, const CtGrid& grid, const std::vector<RoiLabel>& rois,
                         const ReadOptions& options) {
  switch (dicom_kind(file)) {
    case DicomKind::kStructureSet:
      return load_structure_set(file, grid, rois);
    case DicomKind::kSegmentation:
      return load_segmentation(file, grid, rois);
    case DicomKind::kNotDicom:
      break;
    default:
      throw Error(ErrorCode::kInvalidInput,
                  fmt::format("{} is a DICOM file, but neither an RTSTRUCT nor a SEG", file.string()));
  }
  LabelImage labels = read_labels(file, options);
  lay_onto(labels.voxels, grid.geometry);
  return {std::move(labels.voxels), std::move(labels.notes), {}};
}

std::vector<std::string> notes_of(const LoadedLabels& labels) {
  std::vector<std::string> notes = labels.notes;
  if (!labels.unlabelled.empty()) {
    notes.push_back(fmt::format("structures without a label, left out: {} (--roi NAME=VALUE gives them one)",
                                fmt::join(labels.unlabelled, ", ")));
  }
  return notes;
}

std::string series_for(const fs::path& structures, const fs::path& folder) {
  if (!fs::is_directory(folder) || !needs_grid(structures)) return {};
  const std::string uid = dicom_kind(structures) == DicomKind::kStructureSet
                              ? read_structure_set(structures).series_uid
                              : read_segmentation(structures).series_uid;
  if (uid.empty()) return {};
  const auto found = find_ct_series(folder).ct_series;
  if (std::ranges::find(found, uid, &CtSeriesSummary::uid) != found.end()) return uid;
  throw Error(
      ErrorCode::kInvalidInput,
      fmt::format(
          "{} was drawn on the series {}, which is not in {}; give the folder that holds it, or choose "
          "another series with --series if you know that it lies at the same place",
          structures.string(), uid, folder.string()));
}

bool needs_grid(const fs::path& file) {
  const DicomKind kind = dicom_kind(file);
  return kind == DicomKind::kStructureSet || kind == DicomKind::kSegmentation;
}

}  // namespace hepar
