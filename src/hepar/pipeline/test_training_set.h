// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "hepar/core/file.h"
#include "hepar/io/image_io.h"
#include "hepar/volume/volume.h"

namespace hepar::test_training_set {

inline void write_dataset_json(const std::filesystem::path& dataset) {
  write_text_file(dataset / "dataset.json", R"({"channel_names": {"0": "CT"},
    "labels": {"background": 0, "liver": [1, 2], "tumour": 2}, "regions_class_order": [1, 2],
    "numTraining": 2, "file_ending": ".nii.gz"})");
}

inline void write_case(const std::filesystem::path& dataset, const std::string& name, const CtVolume& ct,
                       const LabelMap& labels) {
  for (const char* folder : {"imagesTr", "labelsTr"}) make_folder(dataset / folder);
  write_ct(dataset / "imagesTr" / (name + "_0000.nii.gz"), ct);
  write_labels(dataset / "labelsTr" / (name + ".nii.gz"), labels);
}

// A pattern without any symmetry, 0 on a rim; labels 0 to 2.
struct Scan {
  CtVolume ct;
  LabelMap labels;
};
inline Scan uneven_scan(const Geometry& grid) {
  Scan scan{CtVolume(grid), LabelMap(grid)};
  for (Int3 at; at.k < grid.size.k; ++at.k)
    for (at.j = 0; at.j < grid.size.j; ++at.j)
      for (at.i = 0; at.i < grid.size.i; ++at.i) {
        if (at.i == 0) continue;
        scan.ct[at] = static_cast<float>((at.i * 31 + at.j * 17 + at.k * 7) % 97 + 1);
        scan.labels[at] = at.j > 9 ? (at.k > 3 ? 2 : 1) : 0;
      }
  return scan;
}

}  // namespace hepar::test_training_set
