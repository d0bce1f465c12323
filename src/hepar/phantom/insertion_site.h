// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "hepar/imaging/slice_frame.h"
#include "hepar/phantom/inserted_lesion.h"
#include "hepar/phantom/insertion.h"

namespace hepar::phantom {

// Where lesions can be put, on a raster of about 3 mm.
class InsertionSite {
 public:
  // Throws Error(kInvalidInput) for less than 50 mL of label 1 or HU that no tissue has.
  InsertionSite(const CtVolume& ct, const LabelMap& labels, const SliceFrame& frame);
  double liver_hu() const { return liver_hu_; }  // median of label 1

  struct Cell {
    Vec3 place_mm;
    double depth_mm;   // from the liver's border
    double lesion_mm;  // from the nearest lesion of the input
  };
  const std::vector<Cell>& cells() const { return cells_; }
  const Cell* cell_at(Vec3 place_mm) const;
  double gap_mm() const { return gap_mm_; }

 private:
  void count(const CtVolume& ct, const LabelMap& labels, const SliceFrame& frame);
  void measure_depths(const SliceFrame& frame);

  Int3 step_, size_;  // voxels per cell, cells
  Vec3 cell_mm_;
  double liver_hu_ = 0, gap_mm_ = 4;
  std::int64_t liver_voxels_ = 0, plausible_voxels_ = 0;
  Mask outside_, lesions_;  // by cell
  std::vector<Cell> cells_;
  std::vector<std::int32_t> cell_of_;  // raster -> cells_, -1 outside
};

// Who gets the overlap of a tumour and a cyst that touch.
enum class PairBorder { kHalves, kTumourWins, kCystWins };

// Lesions that are drawn together: one, or a tumour and then the cyst that touches it.
struct InsertedGroup {
  std::vector<InsertedLesion> lesions;
  PairBorder border = PairBorder::kHalves;
};

// Draws all that the options ask for and finds places, the largest first. What has no place becomes smaller
// or stays out, and `notes` says so.
std::vector<InsertedGroup> place_lesions(const InsertionSite& site, const InsertionOptions& options,
                                         Random random, std::vector<std::string>& notes);

}  // namespace hepar::phantom
