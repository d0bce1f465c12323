// SPDX-License-Identifier: Apache-2.0
// Clinical DICOM: CT series, and the structure sets or segmentations that refer to them.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "hepar/core/error.h"
#include "hepar/dicom/ct_series.h"
#include "hepar/dicom/folder_inventory.h"
#include "hepar/dicom/roi_masks.h"
#include "hepar/dicom/segmentation.h"
#include "hepar/dicom/structure_set.h"
#include "hepar/digest/sha256.h"
#include "hepar/pipeline/import_source.h"
#include "hepar/pipeline/import_structures.h"

namespace hepar::importing {
namespace fs = std::filesystem;
namespace {

// The kinds that one file gave, to tell a second opinion from a supplement.
using Kinds = std::set<std::uint8_t>;

Kinds add_structure_set(const fs::path& file, const CtGrid& ct, const StructureNames& names,
                        StructureSum& sum, std::vector<std::string>& notes) {
  const StructureSet structures = read_structure_set(file);
  notes.insert(notes.end(), structures.notes.begin(), structures.notes.end());
  Kinds kinds;
  for (const Roi& roi : structures.rois) {
    const auto kind = kind_of(roi.name, names);
    if (!kind) {
      sum.leave_out(roi.name);
    } else if (roi.contours.empty()) {
      notes.push_back(fmt::format("ROI {} has no contour.", roi.name));
    } else {
      const RoiMask drawn = roi_mask(structures, roi, ct);
      for (const std::string& note : drawn.notes) notes.push_back(fmt::format("ROI {}: {}", roi.name, note));
      sum.add(*kind, drawn.mask, roi.name);
      kinds.insert(*kind);
    }
  }
  return kinds;
}

Kinds add_segmentation(const fs::path& file, const CtGrid& ct, const StructureNames& names, StructureSum& sum,
                       std::vector<std::string>& notes) {
  const Segmentation segmentation = read_segmentation(file);
  notes.insert(notes.end(), segmentation.notes.begin(), segmentation.notes.end());
  if (!segmentation.frame_of_reference_uid.empty() && !ct.frame_of_reference_uid.empty() &&
      segmentation.frame_of_reference_uid != ct.frame_of_reference_uid) {
    throw Error(ErrorCode::kInvalidInput, "the segmentation lies in another frame of reference than its CT");
  }
  Kinds kinds;
  for (const Segment& segment : segmentation.segments) {
    if (const auto kind = kind_of(segment.label, names)) {
      sum.add(*kind, segment_mask(segmentation, segment.number, ct.geometry), segment.label);
      kinds.insert(*kind);
    } else {
      sum.leave_out(segment.label);
    }
  }
  return kinds;
}

using AddFile = Kinds (*)(const fs::path&, const CtGrid&, const StructureNames&, StructureSum&,
                          std::vector<std::string>&);

// The deepest folder with all files of a series.
fs::path common_folder(const DicomSeries& series) {
  fs::path folder = series.objects.front().file.parent_path();
  for (const DicomObject& object : series.objects) {
    const fs::path other = object.file.parent_path();
    const auto [end, ignored] = std::mismatch(folder.begin(), folder.end(), other.begin(), other.end());
    fs::path shared;
    for (auto part = folder.begin(); part != end; ++part) shared /= *part;
    folder = shared;
  }
  return folder.empty() ? "." : folder;
}

// Two files that both show the liver, or both tumour, may be two versions of one contour. Segmentations are
// published one a file and are joined, structure sets are complete in themselves.
void check_versions(const std::vector<Kinds>& kinds, bool may_repeat, std::vector<std::string>& notes) {
  const std::pair<std::uint8_t, const char*> names[] = {
      {kLiver, "the liver"}, {kTumour, "tumours"}, {kCyst, "cysts"}};
  for (const auto& [kind, name] : names) {
    const auto count = std::ranges::count_if(kinds, [&](const Kinds& k) { return k.contains(kind); });
    if (count < 2) continue;
    if (!may_repeat) {
      throw Error(ErrorCode::kInvalidInput,
                  fmt::format("{} structure sets on this CT hold {}; keep the one that counts", count, name));
    }
    notes.push_back(fmt::format("{} segmentations hold {}; they were joined.", count, name));
  }
}

CaseVolumes read_case(const DicomSeries& series, const std::vector<fs::path>& files,
                      const StructureNames& names, AddFile add_file) {
  CtSeries ct = read_ct_series(common_folder(series), {.series = series.uid});
  CaseVolumes volumes{std::move(ct.voxels), {}, std::move(ct.grid.notes)};
  StructureSum sum(ct.grid.geometry);
  std::vector<Kinds> kinds;
  for (const fs::path& file : files) kinds.push_back(add_file(file, ct.grid, names, sum, volumes.notes));
  check_versions(kinds, add_file == add_segmentation, volumes.notes);
  volumes.labels = sum.labels(volumes.notes);
  return volumes;
}

// Folders and files are often called by the patient's name: no path gets into what is said of a case.
std::string without_paths(std::string text, const DicomSeries& series, const std::vector<fs::path>& files) {
  std::map<std::string, const char*> words{{common_folder(series).string(), "the folder"}};
  for (const DicomObject& object : series.objects) words.emplace(object.file.string(), "a file of the CT");
  for (const fs::path& file : files) words.emplace(file.string(), "the file");
  // The last first: a path comes before those that it begins.
  for (auto word = words.rbegin(); word != words.rend(); ++word) {
    const auto& [path, replacement] = *word;
    for (std::size_t at = text.find(path); at != std::string::npos; at = text.find(path, at))
      text.replace(at, path.size(), replacement);
  }
  return text;
}

// "patient 1a2b3c4d, CT ...12345678": what `hepar series` calls it too.
std::string description_of(const DicomSeries& series) {
  constexpr std::size_t kTellingEnd = 8;
  return fmt::format(
      "{}, {} ...{}",
      series.patient.empty() ? "patient without ID" : fmt::format("patient {}", series.patient),
      series.modality, series.uid.substr(series.uid.size() - std::min(kTellingEnd, series.uid.size())));
}

Candidate make_candidate(const DicomSeries& ct, std::vector<fs::path> files, const StructureNames& names,
                         AddFile add_file) {
  Candidate candidate;
  candidate.name = fmt::format("case_{}", sha256_hex(ct.uid).substr(0, 8));
  candidate.source = description_of(ct);
  for (const DicomObject& object : ct.objects) candidate.paths.push_back(object.file);
  candidate.paths.insert(candidate.paths.end(), files.begin(), files.end());
  candidate.read = [ct, files = std::move(files), names, add_file](const fs::path&) {
    try {
      return read_case(ct, files, names, add_file);
    } catch (const Error& error) {
      throw Error(error.code(), without_paths(error.what(), ct, files));
    }
  };
  return candidate;
}

void note_the_rest(const FolderInventory& inventory, std::int64_t used, const std::string& modality,
                   Source& source) {
  const auto cts = std::ranges::count(inventory.series, "CT", &DicomSeries::modality);
  if (cts > used)
    source.notes.push_back(
        fmt::format("{} CT series have no {} and were passed over.", cts - used, modality));
  if (!inventory.unreadable.empty())
    source.notes.push_back(
        fmt::format("{} damaged DICOM files were passed over.", inventory.unreadable.size()));
}

Source find_cases(const fs::path& folder, const std::string& modality, const StructureNames& names,
                  AddFile add_file, Progress* progress) {
  const FolderInventory inventory = take_inventory(folder, progress);
  Source source;
  std::map<const DicomSeries*, std::vector<fs::path>> files_on;
  std::int64_t found = 0;
  for (const DicomSeries& series : inventory.series) {
    if (series.modality != modality) continue;
    for (const DicomObject& object : series.objects) {
      ++found;
      if (const DicomSeries* ct = inventory.ct_of(object)) {
        files_on[ct].push_back(object.file);
      } else {
        source.refused.push_back({description_of(series),
                                  "the CT series that it was drawn on is not in the folder, or not clear"});
      }
    }
  }
  if (found == 0) {
    throw Error(ErrorCode::kMissing, fmt::format("there is no {} among the {} files in {}", modality,
                                                 inventory.file_count, folder.string()));
  }
  for (auto& [ct, files] : files_on)
    source.candidates.push_back(make_candidate(*ct, std::move(files), names, add_file));
  std::ranges::sort(source.candidates, {}, &Candidate::name);
  note_the_rest(inventory, std::ssize(files_on), modality, source);
  return source;
}

}  // namespace

Source rtstruct_source(const fs::path& folder, const StructureNames& names, Progress* progress) {
  return find_cases(folder, "RTSTRUCT", names, add_structure_set, progress);
}

Source segmentation_source(const fs::path& folder, const StructureNames& names, Progress* progress) {
  return find_cases(folder, "SEG", names, add_segmentation, progress);
}

}  // namespace hepar::importing
