// SPDX-License-Identifier: Apache-2.0
// 3D-IRCADb-01 (Soler et al., IRCAD, 2010): a folder a patient with PATIENT_DICOM, and MASKS_DICOM with a
// folder of DICOM slices for each structure, 0 outside and 255 inside; as published, both are ZIP archives.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/dicom/ct_series.h"
#include "hepar/io/unpack_zip.h"
#include "hepar/pipeline/import_files.h"
#include "hepar/pipeline/import_source.h"
#include "hepar/pipeline/import_structures.h"
#include "hepar/pipeline/name_pattern.h"

namespace hepar::importing {
namespace fs = std::filesystem;
namespace {

const StructureNames& mask_names() {
  static const StructureNames names{
      .liver = {"liver"}, .tumour = {"livertumor*", "livertumour*"}, .cyst = {"liverkyst*", "livercyst*"}};
  return names;
}

// The folders and archives of a case that have this name, in upper or lower case.
std::vector<fs::path> parts_of(const std::vector<fs::path>& entries, std::string_view name) {
  std::vector<fs::path> parts;
  for (const fs::path& entry : entries) {
    const std::string found = entry.filename().string();
    std::error_code ignored;
    if ((fs::is_directory(entry, ignored) && matches_pattern(found, name)) ||
        (fs::is_regular_file(entry, ignored) && matches_pattern(found, fmt::format("{}.zip", name))))
      parts.push_back(entry);
  }
  return parts;
}

struct PatientFolder {
  fs::path place;
  std::vector<fs::path> patient, masks;  // one each, in a case that can be used
};

struct Search {
  std::vector<PatientFolder> found;
  std::int64_t unreadable_folders = 0;
};

void find_cases(const fs::path& folder, const std::vector<fs::path>& entries, int depth, Search& search) {
  if (auto patient = parts_of(entries, "PATIENT_DICOM"); !patient.empty()) {
    search.found.push_back({folder, std::move(patient), parts_of(entries, "MASKS_DICOM")});
    return;
  }
  constexpr int kDeepest = 3;
  if (depth == kDeepest) return;
  for (const fs::path& below : entries) {
    std::error_code ignored;
    if (!fs::is_directory(below, ignored)) continue;
    std::vector<fs::path> inner;
    try {
      inner = entries_of(below);
    } catch (const Error&) {
      ++search.unreadable_folders;
      continue;
    }
    find_cases(below, inner, depth + 1, search);
  }
}

struct Structures {
  std::vector<std::pair<std::string, fs::path>> used;  // names and folders
  std::vector<std::string> others;                     // names
};

// Those of a folder of masks, also where it holds more folders in between (MASKS_DICOM/MASKS_DICOM/liver).
Structures structures_in(const fs::path& masks) {
  Structures all;
  for (const fs::path& entry : entries_of(masks)) {
    std::error_code ignored;
    if (!fs::is_directory(entry, ignored)) continue;
    const std::string name = entry.filename().string();
    if (kind_of(name, mask_names())) {
      all.used.emplace_back(name, entry);
      continue;
    }
    Structures inner = structures_in(entry);
    if (inner.used.empty() && !matches_pattern(name, "MASKS_DICOM")) inner.others = {name};
    std::ranges::move(inner.used, std::back_inserter(all.used));
    std::ranges::move(inner.others, std::back_inserter(all.others));
  }
  return all;
}

// The structure that a file of an archive belongs to: the first folder of its path that counts as one, else
// the first that is not MASKS_DICOM. Empty: none.
std::string structure_of(std::string_view name) {
  std::string first;
  for (const fs::path& part : fs::path(name).parent_path()) {
    if (kind_of(part.string(), mask_names())) return part.string();
    if (first.empty() && !matches_pattern(part.string(), "MASKS_DICOM")) first = part.string();
  }
  return first;
}

Mask read_mask(const fs::path& folder) {
  const CtSeries series = read_ct_series(folder);  // masks are written as CT slices
  Mask mask(series.voxels.geometry());
  float inside = 0;
  const auto from = series.voxels.voxels();
  for (std::size_t n = 0; n < from.size(); ++n) {
    if (from[n] == 0) continue;
    if (inside == 0) inside = from[n];
    if (from[n] != inside) {
      throw Error(ErrorCode::kInvalidInput,
                  fmt::format("the mask {} holds the values {} and {}; 0 and one other are expected",
                              last_name(folder), inside, from[n]));
    }
    mask.voxels()[n] = 1;
  }
  return mask;
}

// The masks as a folder, unpacked into `scratch` when they are an archive: the structures that count. Names
// of the others are left out of `sum`.
fs::path unpacked_masks(const fs::path& masks, const fs::path& scratch, StructureSum& sum) {
  if (fs::is_directory(masks)) return masks;
  std::set<std::string> others;
  unpack_zip(masks, scratch, [&others](std::string_view name) {
    const std::string structure = structure_of(name);
    const bool counts = kind_of(structure, mask_names()).has_value();
    if (!counts && !structure.empty()) others.insert(structure);
    return counts;
  });
  for (const std::string& structure : others) sum.leave_out(structure);
  make_folder(scratch);  // when none counts
  return scratch;
}

fs::path unpacked_patient(const fs::path& patient, const fs::path& scratch) {
  if (fs::is_directory(patient)) return patient;
  unpack_zip(patient, scratch, [](std::string_view) { return true; });
  return scratch;
}

CaseVolumes read_case(const fs::path& patient, const fs::path& masks, const fs::path& scratch) {
  CtSeries ct = read_ct_series(unpacked_patient(patient, scratch / "patient"));
  StructureSum sum(ct.voxels.geometry());
  const Structures structures = structures_in(unpacked_masks(masks, scratch / "masks", sum));
  for (const auto& [name, folder] : structures.used)
    sum.add(*kind_of(name, mask_names()), read_mask(folder), name);
  for (const std::string& name : structures.others) sum.leave_out(name);
  CaseVolumes volumes{std::move(ct.voxels), {}, std::move(ct.grid.notes)};
  volumes.labels = sum.labels(volumes.notes);
  return volumes;
}

// "ircadb_07" of a folder "3Dircadb1.7"; of a name without number, its letters and digits.
std::string case_name(const fs::path& folder) {
  const std::string name = last_name(folder);
  const std::size_t digits = name.size() - (name.find_last_not_of("0123456789") + 1);
  constexpr std::size_t kMostDigits = 6;
  if (digits > 0 && digits <= kMostDigits)
    return fmt::format("ircadb_{:02}", std::stoi(name.substr(name.size() - digits)));
  std::string plain = "ircadb_";
  for (const char c : name) {
    const bool kept = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    plain += kept ? c : '_';
  }
  return plain;
}

// Why the parts of a case can't be used; empty: they can.
std::string fault_of(const PatientFolder& folder) {
  if (folder.masks.empty()) return "it has no MASKS_DICOM or MASKS_DICOM.zip";
  for (const auto& parts : {folder.patient, folder.masks}) {
    // One of them may be unpacked by half.
    if (parts.size() > 1) {
      return fmt::format("it has {} and {}; keep the one that is whole", parts[0].filename().string(),
                         parts[1].filename().string());
    }
  }
  return "";
}

}  // namespace

Source ircadb_source(const fs::path& folder) {
  if (!fs::is_directory(folder))
    throw Error(ErrorCode::kMissing, fmt::format("there is no folder {}", folder.string()));
  Search search;
  find_cases(folder, entries_of(folder), 0, search);
  if (search.found.empty()) {
    throw Error(
        ErrorCode::kMissing,
        fmt::format("no folder in {} holds PATIENT_DICOM or PATIENT_DICOM.zip; unpack the patients' own "
                    "archives (3Dircadb1.1.zip) first",
                    folder.string()));
  }
  Source source;
  note_unreadable(search.unreadable_folders, source);
  for (const PatientFolder& found : search.found) {
    const std::string where =
        found.place == folder ? last_name(folder) : found.place.lexically_relative(folder).string();
    if (const std::string fault = fault_of(found); !fault.empty()) {
      source.refused.push_back({where, fault});
      continue;
    }
    const fs::path patient = found.patient.front(), masks = found.masks.front();
    source.candidates.push_back(
        {case_name(found.place), where, {patient, masks}, [patient, masks](const fs::path& scratch) {
           return read_case(patient, masks, scratch);
         }});
  }
  return source;
}

}  // namespace hepar::importing
