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
#include "hepar/pipeline/name_pattern.h"
#include "hepar/volume/reorient.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;

// A structure of a file, read when its turn comes.
struct NamedStructure {
  std::string name;
  std::function<RoiMask()> mask;
};

// Later ones lie over earlier ones.
int layer_of(std::uint8_t label) { return label == kTumour ? 257 : label == kCyst ? 256 : label; }

LabelImage lay_structures(std::vector<NamedStructure> structures, const fs::path& file, const CtGrid& grid,
                          const std::vector<RoiLabel>& rois) {
  std::vector<std::string> names, passed_over;
  for (const NamedStructure& structure : structures) {
    names.push_back(structure.name);
    if (roi_label(structure.name, rois) == 0) passed_over.push_back(structure.name);
  }
  std::erase_if(structures, [&](const NamedStructure& s) { return roi_label(s.name, rois) == 0; });
  if (structures.empty()) {
    throw Error(
        ErrorCode::kInvalidInput,
        fmt::format(
            "no structure of {} has a known name, it holds: {}; give them labels with --roi NAME=VALUE",
            file.string(), fmt::join(names, ", ")));
  }
  std::ranges::stable_sort(structures, {},
                           [&](const NamedStructure& s) { return layer_of(roi_label(s.name, rois)); });
  LabelImage result{LabelMap(grid.geometry), {}};
  for (const NamedStructure& structure : structures) {
    const RoiMask found = structure.mask();
    const std::uint8_t label = roi_label(structure.name, rois);
    for (std::size_t n = 0; n < found.mask.voxels().size(); ++n) {
      if (found.mask.voxels()[n] != 0) result.voxels.voxels()[n] = label;
    }
    result.notes.insert(result.notes.end(), found.notes.begin(), found.notes.end());
  }
  if (!passed_over.empty()) {
    result.notes.push_back(
        fmt::format("structures without a label, left out: {} (--roi NAME=VALUE gives them one)",
                    fmt::join(passed_over, ", ")));
  }
  return result;
}

LabelImage load_structure_set(const fs::path& file, const CtGrid& grid, const std::vector<RoiLabel>& rois) {
  const StructureSet set = read_structure_set(file);
  std::vector<NamedStructure> structures;
  std::vector<std::string> empty;
  for (const Roi& roi : set.rois) {
    if (roi.contours.empty()) {
      empty.push_back(roi.name);
    } else {
      structures.push_back({roi.name, [&set, &roi, &grid] { return roi_mask(set, roi, grid); }});
    }
  }
  LabelImage result = lay_structures(std::move(structures), file, grid, rois);
  result.notes.insert(result.notes.begin(), set.notes.begin(), set.notes.end());
  if (!empty.empty()) {
    result.notes.push_back(fmt::format("structures without a contour: {}", fmt::join(empty, ", ")));
  }
  return result;
}

LabelImage load_segmentation(const fs::path& file, const CtGrid& grid, const std::vector<RoiLabel>& rois) {
  const Segmentation segmentation = read_segmentation(file);
  std::vector<NamedStructure> structures;
  for (const Segment& segment : segmentation.segments) {
    structures.push_back({segment.label, [&, number = segment.number] {
                            return RoiMask{segment_mask(segmentation, number, grid.geometry), {}};
                          }});
  }
  LabelImage result = lay_structures(std::move(structures), file, grid, rois);
  result.notes.insert(result.notes.begin(), segmentation.notes.begin(), segmentation.notes.end());
  return result;
}

}  // namespace

std::vector<RoiLabel> default_roi_labels() {
  return {{"Liver", kLiver}, {"GTV*", kTumour}, {"Cyst*", kCyst}};
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

LabelImage load_labels(const fs::path& file, const CtGrid& grid, const std::vector<RoiLabel>& rois,
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
  return labels;
}

std::string series_for(const fs::path& structures, const fs::path& folder) {
  if (!fs::is_directory(folder)) return {};
  const DicomKind kind = dicom_kind(structures);
  const std::string uid = kind == DicomKind::kStructureSet   ? read_structure_set(structures).series_uid
                          : kind == DicomKind::kSegmentation ? read_segmentation(structures).series_uid
                                                             : std::string();
  const auto found = find_ct_series(folder).ct_series;
  return !uid.empty() && std::ranges::find(found, uid, &CtSeriesSummary::uid) != found.end() ? uid
                                                                                             : std::string();
}

bool needs_grid(const fs::path& file) {
  const DicomKind kind = dicom_kind(file);
  return kind == DicomKind::kStructureSet || kind == DicomKind::kSegmentation;
}

}  // namespace hepar
