// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "hepar/core/test_error.h"
#include "hepar/dicom/ct_writer.h"
#include "hepar/io/image_io.h"
#include "hepar/pipeline/import_dataset.h"
#include "hepar/volume/volume.h"

namespace hepar {

// For tests: 8 x 6 x 4 voxels of 1 x 1 x 2.5 mm: 0.0025 mL each.
inline Geometry import_grid() {
  return {.size = {8, 6, 4}, .spacing_mm = {1, 1, 2.5}, .origin_mm = {-3, 4, 50}};
}

// Every voxel has its own HU from -50 on.
inline CtVolume import_ct() {
  CtVolume ct(import_grid());
  for (std::size_t n = 0; n < ct.voxels().size(); ++n) ct.voxels()[n] = static_cast<float>(n) - 50;
  return ct;
}

// Voxels with low <= index < high become `label`.
inline void fill(LabelMap& labels, Int3 low, Int3 high, std::uint8_t label) {
  for (Int3 at = low; at.k < high.k; ++at.k)
    for (at.j = low.j; at.j < high.j; ++at.j)
      for (at.i = low.i; at.i < high.i; ++at.i) labels[at] = label;
}

// A liver of 6 x 4 x 2 = 48 voxels (0.12 mL), in it a tumour of 2 x 2 x 2 = 8 (0.02 mL).
inline LabelMap import_labels() {
  LabelMap labels(import_grid());
  fill(labels, {1, 1, 1}, {7, 5, 3}, kLiver);
  fill(labels, {2, 2, 1}, {4, 4, 3}, kTumour);
  return labels;
}

// For tests: a structure of 3D-IRCADb, CT slices of 255 where the labels have one of these values, else 0.
inline void write_ircadb_mask(const std::filesystem::path& masks, const std::string& structure,
                              const LabelMap& labels, const std::vector<std::uint8_t>& values) {
  CtVolume mask(labels.geometry());
  for (std::size_t n = 0; n < mask.voxels().size(); ++n) {
    const bool inside = std::ranges::find(values, labels.voxels()[n]) != values.end();
    mask.voxels()[n] = inside ? 255.0F : 0.0F;
  }
  write_ct_series(masks / structure, mask,
                  {.patient_id = "", .patient_name = "", .series_description = "", .uid_seed = structure});
}

// A case of it with a liver, a tumour and, where there is one, a cyst.
inline void write_ircadb_case(const std::filesystem::path& folder, const LabelMap& labels) {
  write_ct_series(
      folder / "PATIENT_DICOM", import_ct(),
      {.patient_id = "", .patient_name = "", .series_description = "", .uid_seed = folder.string()});
  const std::filesystem::path masks = folder / "MASKS_DICOM";
  write_ircadb_mask(masks, "liver", labels, {kLiver, kTumour, kCyst});
  write_ircadb_mask(masks, "bone", labels, {kBackground});
  const auto has = [&labels](std::uint8_t label) {
    return std::ranges::find(labels.voxels(), label) != labels.voxels().end();
  };
  if (has(kTumour)) write_ircadb_mask(masks, "livertumor01", labels, {kTumour});
  if (has(kCyst)) write_ircadb_mask(masks, "LiverKyst", labels, {kCyst});
}

inline CtVolume imported_image(const std::filesystem::path& dataset, const std::string& name) {
  return read_ct(dataset / "imagesTr" / (name + "_0000.nii.gz")).voxels;
}
inline LabelMap imported_labels(const std::filesystem::path& dataset, const std::string& name) {
  return read_labels(dataset / "labelsTr" / (name + ".nii.gz")).voxels;
}

// The reason of the only refusal.
inline std::string only_refusal(const ImportReport& report) {
  EXPECT_EQ(report.refused.size(), 1U) << import_text(report);
  return report.refused.empty() ? "" : report.refused.front().reason;
}

}  // namespace hepar
