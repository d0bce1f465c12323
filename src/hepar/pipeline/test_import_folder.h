// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "hepar/pipeline/nnunet_dataset.h"
#include "hepar/pipeline/test_folder.h"
#include "hepar/pipeline/test_import.h"

namespace hepar {

// For tests: LiTS in root/lits, 3D-IRCADb in root/ircadb, imported into root/dataset.
class ImportTest : public ScratchFolder {
 protected:
  void write_lits(int number, const LabelMap& labels, const std::string& folder = ".") const {
    make_folder(root_ / "lits" / folder);
    const std::string end = std::to_string(number) + ".nii";
    write_ct(root_ / "lits" / folder / ("volume-" + end), import_ct());
    write_labels(root_ / "lits" / folder / ("segmentation-" + end), labels);
  }
  ImportRequest request(ImportFormat format, const std::string& source) const {
    return {.format = format, .source = root_ / source, .dataset = root_ / "dataset", .structures = {}};
  }
  ImportReport import_lits() const { return import_dataset(request(ImportFormat::kLits, "lits")); }
  nlohmann::json json_of(const std::string& file) const {
    return nlohmann::json::parse(read_text_file(root_ / "dataset" / file));
  }
  std::vector<std::string> names_in_dataset() const {
    return nnunet_case_names(root_ / "dataset", ".nii.gz");
  }

  void write_ircadb(const std::string& folder, const LabelMap& labels) const {
    write_ircadb_case(root_ / "ircadb" / folder, labels);
  }
  ImportReport import_ircadb() const { return import_dataset(request(ImportFormat::kIrcadb, "ircadb")); }
};

}  // namespace hepar
