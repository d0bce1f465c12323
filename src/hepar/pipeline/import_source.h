// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "hepar/core/progress.h"
#include "hepar/pipeline/import_dataset.h"
#include "hepar/volume/volume.h"

// What the formats of import_dataset() have to offer; one function for each.
namespace hepar::importing {

struct CaseVolumes {
  CtVolume ct;
  LabelMap labels;  // 0 to 3
  std::vector<std::string> notes;
};

struct Candidate {
  std::string name, source;                  // as in ImportedCase
  std::vector<std::filesystem::path> paths;  // of all that it is made from; files or folders
  // Reads it; may use an empty folder, which is removed afterwards. Throws Error where the case is refused.
  std::function<CaseVolumes(const std::filesystem::path& scratch)> read;
  // Takes paths out of what is said of it, where they may tell the patient; none: they may stay.
  std::function<std::string(std::string)> without_paths = {};
};

struct Source {
  std::vector<Candidate> candidates;
  std::vector<RefusedCase> refused;  // already before anything is read
  std::vector<std::string> notes;
};

// import_dataset() with what `find` offers.
ImportReport import_cases(const ImportRequest& request, const std::function<Source()>& find,
                          Progress* progress = nullptr);

// Error(kMissing) where there is nothing of the format.
Source lits_source(const std::filesystem::path& folder);
Source msd_source(const std::filesystem::path& folder);
Source ircadb_source(const std::filesystem::path& folder);
Source rtstruct_source(const std::filesystem::path& folder, const StructureNames& names, Progress* progress);
Source segmentation_source(const std::filesystem::path& folder, const StructureNames& names,
                           Progress* progress);

}  // namespace hepar::importing
