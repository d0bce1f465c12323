// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hepar/pipeline/import_dataset.h"
#include "hepar/volume/volume.h"

namespace hepar::importing {

// kLiver, kTumour or kCyst; nothing for another structure.
std::optional<std::uint8_t> kind_of(std::string_view name, const StructureNames& names);

// Lays masks of structures into one label map. Tumour is never lost: it wins over cyst and liver and stays
// where it lies outside of the liver; cyst wins over liver.
class StructureSum {
 public:
  explicit StructureSum(const Geometry& grid) : kinds_(grid) {}
  // The voxels of `mask` that are not 0 are of this kind (kLiver, kTumour, kCyst); false when there are none,
  // which labels() notes. Error(kInvalidInput) when the mask lies on another grid.
  bool add(std::uint8_t kind, const Mask& mask, std::string_view name);
  // Names that belong to no kind, for a note.
  void leave_out(const std::string& name) { left_out_.push_back(name); }
  // The label map, with notes on overlaps, on what lies outside of the liver, on structures without voxels
  // and on those left out, in particular those whose names sound like lesions. Error(kInvalidInput) without a
  // liver.
  LabelMap labels(std::vector<std::string>& notes) const;

 private:
  void require_liver() const;

  Mask kinds_;  // a bit for each kind
  std::vector<std::string> left_out_, empty_;
};

}  // namespace hepar::importing
