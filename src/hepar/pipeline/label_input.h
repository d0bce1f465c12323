// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "hepar/dicom/ct_series.h"
#include "hepar/io/image_io.h"

namespace hepar {

// The label that the structures of an RTSTRUCT or a SEG get by their name.
struct RoiLabel {
  std::string pattern;  // of the whole name, whatever the case; * stands for any text, ? for one character
  std::uint8_t label = 0;
};

// Liver 1; GTV* and the other names of StructureNames 2; Cyst* 3.
std::vector<RoiLabel> default_roi_labels();

// "NAME=VALUE", e.g. "Spleen=5" or "met_*=2". Error(kInvalidInput) for other text or a value beyond 1 to 255.
RoiLabel parse_roi_label(std::string_view text);

// The label of a name by the first pattern that it matches; 0: none.
std::uint8_t roi_label(std::string_view name, const std::vector<RoiLabel>& rois);

// The grid of a volume that is no DICOM series, for structures to be laid on by their place alone.
CtGrid grid_without_series(const Geometry& geometry);

// Labels on a grid, and what the user should know.
struct LoadedLabels {
  LabelMap voxels;
  std::vector<std::string> notes;
  std::vector<std::string> unlabelled;  // structures whose name has no label: they are left out
};

// The notes, and one that names the unlabelled structures.
std::vector<std::string> notes_of(const LoadedLabels& labels);

// Reads a label map (.nii, .nii.gz, .nrrd, .mha), an RTSTRUCT or a SEG onto the grid. Structures are laid
// over each other: 1 first, then 4 and more in order, 3, and 2 at last, so that no tumour is hidden. Notes
// name what the readers passed over and where structures overlap. Error(kInvalidInput) for a label map on
// another grid, and when no structure has a label; errors of the readers pass through.
LoadedLabels load_labels(const std::filesystem::path& file, const CtGrid& grid,
                         const std::vector<RoiLabel>& rois, const ReadOptions& options = {});

// The series of `folder` that the RTSTRUCT or SEG was made from; empty when it does not say, is neither, or
// `folder` is no folder. Error(kInvalidInput) when that series is not there: another one, such as another
// phase, must not be taken in its place unasked.
std::string series_for(const std::filesystem::path& structures, const std::filesystem::path& folder);

// True for a file that load_labels() has to lay on a grid: an RTSTRUCT or a SEG.
bool needs_grid(const std::filesystem::path& file);

}  // namespace hepar
