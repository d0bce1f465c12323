// SPDX-License-Identifier: Apache-2.0
// Clinical DICOM: CT series, and the structure sets or segmentations that refer to them.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include "hepar/core/error.h"
#include "hepar/dicom/ct_series.h"
#include "hepar/dicom/folder_inventory.h"
#include "hepar/dicom/roi_masks.h"
#include "hepar/dicom/segmentation.h"
#include "hepar/dicom/structure_set.h"
#include "hepar/dicom/uid_ends.h"
#include "hepar/digest/sha256.h"
#include "hepar/pipeline/import_source.h"
#include "hepar/pipeline/import_structures.h"

namespace hepar::importing {
namespace fs = std::filesystem;
namespace {

// The kinds that one file gave, and the names by which it did, to tell a second opinion from a supplement.
using Kinds = std::map<std::uint8_t, std::set<std::string>>;

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
      notes.insert(notes.end(), drawn.notes.begin(), drawn.notes.end());
      sum.add(*kind, drawn.mask, roi.name);
      kinds[*kind].insert(roi.name);
    }
  }
  return kinds;
}

Kinds add_segmentation(const fs::path& file, const CtGrid& ct, const StructureNames& names, StructureSum& sum,
                       std::vector<std::string>& notes) {
  const Segmentation segmentation = read_segmentation(file);
  notes.insert(notes.end(), segmentation.notes.begin(), segmentation.notes.end());
  Kinds kinds;
  for (const Segment& segment : segmentation.segments) {
    if (const auto kind = kind_of(segment.label, names)) {
      const SegmentMask found = segment_mask(segmentation, segment.number, ct);
      // Of an empty one the sum says so.
      if (sum.add(*kind, found.mask, segment.label))
        notes.insert(notes.end(), found.notes.begin(), found.notes.end());
      kinds[*kind].insert(segment.label);
    } else {
      sum.leave_out(segment.label);
    }
  }
  return kinds;
}

using AddFile = Kinds (*)(const fs::path&, const CtGrid&, const StructureNames&, StructureSum&,
                          std::vector<std::string>&);

// An RTSTRUCT or SEG file, and what to call it: "SEG ...12345678".
struct DrawnFile {
  fs::path file;
  std::string name;
};

// A kind that several files hold.
struct KindCount {
  const char* name;
  std::int64_t count;
};

std::vector<KindCount> repeated_kinds(const std::vector<Kinds>& kinds) {
  const std::pair<std::uint8_t, const char*> names[] = {
      {kLiver, "the liver"}, {kTumour, "tumours"}, {kCyst, "cysts"}};
  std::vector<KindCount> repeated;
  for (const auto& [kind, name] : names) {
    const auto count = std::ranges::count_if(kinds, [&](const Kinds& k) { return k.contains(kind); });
    if (count > 1) repeated.push_back({name, count});
  }
  return repeated;
}

// Structure sets are complete in themselves: two that both show the liver may be two versions of one contour.
void check_versions(const std::vector<Kinds>& kinds) {
  for (const auto& [name, count] : repeated_kinds(kinds)) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("{} structure sets on this CT hold {}; keep the one that counts", count, name));
  }
}

std::string lower_case(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

// Segmentations are published one structure a file and joined, but one label in two files may be two readers'
// view of one structure.
void check_labels(const std::vector<Kinds>& kinds, const std::vector<DrawnFile>& files,
                  std::vector<std::string>& notes) {
  std::map<std::string, std::size_t> seen;  // labels, and the file they come from
  for (std::size_t n = 0; n < files.size(); ++n) {
    for (const auto& [kind, labels] : kinds[n]) {
      for (const std::string& label : labels) {
        const auto [place, is_new] = seen.emplace(lower_case(label), n);
        if (is_new || place->second == n) continue;
        throw Error(ErrorCode::kInvalidInput,
                    fmt::format("{} and {} both hold a segment {}; keep the one that counts",
                                files[place->second].name, files[n].name, label));
      }
    }
  }
  for (const auto& [name, count] : repeated_kinds(kinds))
    notes.push_back(fmt::format("{} segmentations hold {}; they were joined.", count, name));
}

CaseVolumes read_case(const DicomSeries& series, const std::vector<DrawnFile>& files,
                      const StructureNames& names, AddFile add_file) {
  std::vector<fs::path> slices;
  for (const DicomObject& object : series.objects) slices.push_back(object.file);
  CtSeries ct = read_ct_series(slices);
  CaseVolumes volumes{std::move(ct.voxels), {}, std::move(ct.grid.notes)};
  StructureSum sum(ct.grid.geometry);
  std::vector<Kinds> kinds;
  for (const DrawnFile& drawn : files)
    kinds.push_back(add_file(drawn.file, ct.grid, names, sum, volumes.notes));
  if (add_file == add_segmentation) {
    check_labels(kinds, files, volumes.notes);
  } else {
    check_versions(kinds);
  }
  volumes.labels = sum.labels(volumes.notes);
  return volumes;
}

// Folders and files are often called by the patient's name: no path gets into what is said of a case. All
// paths are absolute, so none is part of other text.
std::string without_paths(std::string text, const std::vector<fs::path>& paths) {
  std::set<std::string, std::greater<>> words;  // a path comes before those that it begins with
  for (const fs::path& path : paths) words.insert(path.string());
  for (const std::string& word : words) {
    for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word))
      text.replace(at, word.size(), "a file of it");
  }
  return text;
}

constexpr std::size_t kTellingEnd = 8;  // characters of a UID

// "patient 1a2b3c4d, CT ...12345678": what `hepar series` calls it too.
std::string description_of(const DicomSeries& series) {
  return fmt::format(
      "{}, {} ...{}",
      series.patient.empty() ? "patient without ID" : fmt::format("patient {}", series.patient),
      series.modality, uid_end(series.uid, kTellingEnd));
}

// Damaged files that may be slices of this CT: they lie where its slices do, and do not say that they are
// something else.
std::int64_t doubtful_count(const DicomSeries& ct, const FolderInventory& inventory) {
  return std::ranges::count_if(inventory.unreadable, [&ct](const DamagedFile& damaged) {
    return (damaged.modality.empty() || damaged.modality == "CT") &&
           std::ranges::any_of(ct.objects, [&damaged](const DicomObject& object) {
             return object.file.parent_path() == damaged.file.parent_path();
           });
  });
}

Candidate make_candidate(const DicomSeries& ct, std::vector<DrawnFile> files, const StructureNames& names,
                         AddFile add_file, std::int64_t doubtful) {
  Candidate candidate;
  candidate.name = fmt::format("case_{}", sha256_hex(ct.uid).substr(0, 8));
  candidate.source = description_of(ct);
  for (const DicomObject& object : ct.objects) candidate.paths.push_back(object.file);
  for (const DrawnFile& drawn : files) candidate.paths.push_back(drawn.file);
  candidate.without_paths = [paths = candidate.paths](std::string text) {
    return without_paths(std::move(text), paths);
  };
  candidate.read = [ct, files = std::move(files), names, add_file, doubtful](const fs::path&) {
    CaseVolumes volumes = read_case(ct, files, names, add_file);
    if (doubtful > 0) {
      volumes.notes.push_back(fmt::format(
          "{} damaged files lie beside its slices; its first or last slices may be among them.", doubtful));
    }
    return volumes;
  };
  return candidate;
}

// What can't be read is listed when it may be an RTSTRUCT or SEG that was wanted, else counted.
void tell_damage(const FolderInventory& inventory, const fs::path& folder, const std::string& modality,
                 Source& source) {
  std::map<std::string, std::int64_t> unknown;  // by reason
  std::int64_t others = 0;
  for (const DamagedFile& damaged : inventory.unreadable) {
    std::string reason = without_paths(damaged.reason, {damaged.file});
    // A short path may be part of other text: it is the name only where the sentence begins.
    if (const std::string relative = damaged.file.lexically_relative(folder).string();
        reason.starts_with(relative))
      reason.replace(0, relative.size(), "a file of it");
    if (damaged.modality == modality) {
      source.refused.push_back({fmt::format("a damaged {}", modality), reason});
    } else if (damaged.modality.empty()) {
      ++unknown[reason];
    } else {
      ++others;
    }
  }
  for (const auto& [reason, count] : unknown)
    source.refused.push_back({fmt::format("{} damaged files of unknown type", count), reason});
  if (others > 0)
    source.notes.push_back(fmt::format("Damaged DICOM files of other types were passed over: {}.", others));
}

// The files of one modality by the CT that they were drawn on.
class DrawnFiles {
 public:
  DrawnFiles(const FolderInventory& inventory, const std::string& modality, Source& source) {
    for (const DicomSeries& series : inventory.series) {
      if (series.modality != modality) continue;
      for (const DicomObject& object : series.objects) add(series, object, inventory, source);
    }
    if (copies_ > 0) {
      source.notes.push_back(
          fmt::format("Copies of {} files, of which one each was used: {}.", modality, copies_));
    }
  }
  std::int64_t found() const { return found_; }
  const std::map<const DicomSeries*, std::vector<DrawnFile>>& by_ct() const { return by_ct_; }

 private:
  void add(const DicomSeries& series, const DicomObject& object, const FolderInventory& inventory,
           Source& source) {
    ++found_;
    if (is_copy(object)) {
      ++copies_;
    } else if (const DicomSeries* ct = inventory.ct_of(object)) {
      by_ct_[ct].push_back(
          {object.file, fmt::format("{} ...{}", series.modality, uid_end(series.uid, kTellingEnd))});
    } else {
      source.refused.push_back(
          {description_of(series), "the CT series that it was drawn on is not in the folder, or not clear"});
    }
  }
  // The same instance with the same bytes. With other bytes it counts: someone changed it.
  bool is_copy(const DicomObject& object) {
    const auto [first, is_new] = first_of_.emplace(object.instance_uid, object.file);
    if (is_new || object.instance_uid.empty()) return false;
    try {
      return sha256_of_path(first->second) == sha256_of_path(object.file);
    } catch (const Error&) {  // the case tells it
      return false;
    }
  }

  std::int64_t found_ = 0, copies_ = 0;
  std::map<std::string, fs::path> first_of_;  // by SOP Instance UID
  std::map<const DicomSeries*, std::vector<DrawnFile>> by_ct_;
};

Source find_cases(const fs::path& folder, const std::string& modality, const StructureNames& names,
                  AddFile add_file, Progress* progress) {
  const fs::path absolute = fs::absolute(folder).lexically_normal();
  const FolderInventory inventory = take_inventory(absolute, progress);
  Source source;
  const DrawnFiles drawn(inventory, modality, source);
  tell_damage(inventory, absolute, modality, source);
  if (drawn.found() == 0 && source.refused.empty()) {
    throw Error(ErrorCode::kMissing, fmt::format("there is no {} among the {} files in {}", modality,
                                                 inventory.file_count, folder.string()));
  }
  for (const auto& [ct, files] : drawn.by_ct()) {
    source.candidates.push_back(make_candidate(*ct, files, names, add_file, doubtful_count(*ct, inventory)));
  }
  std::ranges::sort(source.candidates, {}, &Candidate::name);
  const auto cts = std::ranges::count(inventory.series, "CT", &DicomSeries::modality);
  if (const auto idle = cts - std::ssize(drawn.by_ct()); idle > 0)
    source.notes.push_back(fmt::format("{} CT series have no {} and were passed over.", idle, modality));
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
