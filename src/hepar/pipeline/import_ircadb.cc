// SPDX-License-Identifier: Apache-2.0
// 3D-IRCADb-01 (Soler et al., IRCAD, 2010): a folder a patient with PATIENT_DICOM, and MASKS_DICOM with a
// folder of DICOM slices for each structure, 0 outside and 255 inside; as published, both are ZIP archives.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/dicom/ct_series.h"
#include "hepar/io/unpack_zip.h"
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

// The folder or archive of a case that has this name, in upper or lower case.
std::optional<fs::path> part_of(const fs::path& folder, std::string_view name) {
  std::optional<fs::path> archive;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string found = entry.path().filename().string();
    if (entry.is_directory() && matches_pattern(found, name)) return entry.path();
    if (entry.is_regular_file() && matches_pattern(found, fmt::format("{}.zip", name)))
      archive = entry.path();
  }
  return archive;
}

void find_cases(const fs::path& folder, int depth, std::vector<fs::path>& cases) {
  if (part_of(folder, "PATIENT_DICOM")) {
    cases.push_back(folder);
    return;
  }
  constexpr int kDeepest = 3;
  if (depth == kDeepest) return;
  std::vector<fs::path> inner;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_directory()) inner.push_back(entry.path());
  }
  std::ranges::sort(inner);
  for (const fs::path& below : inner) find_cases(below, depth + 1, cases);
}

// A part as a folder, unpacked into `scratch` when it is an archive.
fs::path as_folder(const fs::path& part, const fs::path& scratch,
                   const std::function<bool(std::string_view)>& wanted) {
  if (fs::is_directory(part)) return part;
  unpack_zip(part, scratch, wanted);
  return scratch;
}

// The structures in a folder of masks by their names, whether or not it holds one more folder of that kind.
std::map<std::string, fs::path> structure_folders(const fs::path& folder) {
  std::map<std::string, fs::path> folders;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_directory()) folders[entry.path().filename().string()] = entry.path();
  }
  if (folders.size() == 1 && matches_pattern(folders.begin()->first, "MASKS_DICOM"))
    return structure_folders(folders.begin()->second);
  return folders;
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

// True for a file "MASKS_DICOM/STRUCTURE/SLICE" of a structure that counts.
bool is_slice_of_kind(std::string_view name) {
  const fs::path folder = fs::path(name).parent_path().filename();
  return kind_of(folder.string(), mask_names()).has_value();
}

CaseVolumes read_case(const fs::path& patient, const fs::path& masks, const fs::path& scratch) {
  const auto all = [](std::string_view) { return true; };
  CtSeries ct = read_ct_series(as_folder(patient, scratch / "patient", all));
  StructureSum sum(ct.voxels.geometry());
  const auto folders = structure_folders(as_folder(masks, scratch / "masks", is_slice_of_kind));
  for (const auto& [name, folder] : folders) {
    if (const auto kind = kind_of(name, mask_names())) {
      sum.add(*kind, read_mask(folder), name);
    } else if (matches_pattern(name, "liver*")) {
      sum.leave_out(name);  // other organs' names are no news
    }
  }
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

}  // namespace

Source ircadb_source(const fs::path& folder) {
  if (!fs::is_directory(folder))
    throw Error(ErrorCode::kMissing, fmt::format("there is no folder {}", folder.string()));
  std::vector<fs::path> cases;
  find_cases(folder, 0, cases);
  if (cases.empty()) {
    throw Error(
        ErrorCode::kMissing,
        fmt::format("no folder in {} holds PATIENT_DICOM or PATIENT_DICOM.zip; unpack the patients' own "
                    "archives (3Dircadb1.1.zip) first",
                    folder.string()));
  }
  Source source;
  for (const fs::path& place : cases) {
    const std::string name = case_name(place);
    const std::string where = place == folder ? last_name(folder) : place.lexically_relative(folder).string();
    const fs::path patient = *part_of(place, "PATIENT_DICOM");
    const auto masks = part_of(place, "MASKS_DICOM");
    if (!masks) {
      source.refused.push_back({where, "it has no MASKS_DICOM or MASKS_DICOM.zip"});
    } else {
      source.candidates.push_back(
          {name, where, {patient, *masks}, [patient, masks = *masks](const fs::path& scratch) {
             return read_case(patient, masks, scratch);
           }});
    }
  }
  return source;
}

}  // namespace hepar::importing
