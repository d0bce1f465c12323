// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/leakage_scans.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <string_view>
#include <utility>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/dicom/ct_series.h"
#include "hepar/evaluation/case_pairs.h"
#include "hepar/io/image_io.h"

namespace hepar {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kFirstChannel = "_0000";

// The _0000 to _9999 that nnU-Net puts at the end of a name, or nothing.
std::string channel(const std::string& name) {
  if (name.size() <= kFirstChannel.size()) return {};
  const std::string end = name.substr(name.size() - kFirstChannel.size());
  const bool digits =
      std::all_of(end.begin() + 1, end.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
  return end.front() == '_' && digits ? end : std::string();
}

struct Entries {
  std::vector<fs::path> images, other_files, folders;  // sorted; hidden ones left out
};
Entries entries_of(const fs::path& folder) {
  Entries entries;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().filename().string().front() == '.') continue;
    auto& kind = entry.is_directory()               ? entries.folders
                 : is_image_file_name(entry.path()) ? entries.images
                                                    : entries.other_files;
    kind.push_back(entry.path());
  }
  for (auto* kind : {&entries.images, &entries.other_files, &entries.folders})
    std::sort(kind->begin(), kind->end());
  return entries;
}

void add_images(const std::vector<fs::path>& images, std::vector<NamedScan>& scans) {
  std::set<std::string> stems;
  for (const fs::path& image : images) stems.insert(case_name_of(image));
  for (const fs::path& image : images) {
    const std::string name = case_name_of(image), end = channel(name);
    const std::string base = name.substr(0, name.size() - end.size());
    const bool first_exists = stems.count(base + std::string(kFirstChannel)) > 0;
    if (!end.empty() && end != kFirstChannel && first_exists) continue;
    NamedScan scan{first_exists && !end.empty() ? base : name, {}};
    scan.source.path = image;
    scans.push_back(std::move(scan));
  }
}

void add_series(const fs::path& folder, const std::vector<CtSeriesSummary>& series,
                std::vector<NamedScan>& scans) {
  for (const CtSeriesSummary& one : series) {
    const std::string name = last_name(folder);
    NamedScan scan{series.size() == 1 ? name : fmt::format("{}/{}", name, one.uid), {}};
    scan.source.path = folder, scan.source.series = one.uid;
    scans.push_back(std::move(scan));
  }
}

// By the subfolders that the series lie in; by the folder itself when some lie directly in it.
void add_dicom(const fs::path& folder, const Entries& entries, std::vector<NamedScan>& scans) {
  std::vector<NamedScan> found;
  std::set<std::string> in_subfolders;
  for (const fs::path& inner : entries.folders) {
    const auto series = find_ct_series(inner).ct_series;
    add_series(inner, series, found);
    for (const CtSeriesSummary& one : series) in_subfolders.insert(one.uid);
  }
  if (!entries.other_files.empty()) {
    const auto all = find_ct_series(folder).ct_series;
    if (all.size() > in_subfolders.size()) {
      found.clear();
      add_series(folder, all, found);
    }
  }
  scans.insert(scans.end(), found.begin(), found.end());
}

// The part of an nnU-Net dataset that is meant, or the folder itself.
fs::path images_folder(const fs::path& folder, bool test, std::vector<std::string>& notes) {
  const bool has_train = fs::is_directory(folder / "imagesTr"),
             has_test = fs::is_directory(folder / "imagesTs");
  if (!has_train && !has_test) return folder;
  const char* const part = has_test && (test || !has_train) ? "imagesTs" : "imagesTr";
  if (has_train && has_test)
    notes.push_back(fmt::format("of {} the scans in {} were taken; name the other folder itself to take that",
                                folder.string(), part));
  return folder / part;
}

}  // namespace

ScanList list_scans(const fs::path& place, bool test) {
  if (!fs::exists(place)) throw Error(ErrorCode::kMissing, fmt::format("there is no {}", place.string()));
  ScanList list;
  if (!fs::is_directory(place)) {
    add_images({place}, list.scans);
    return list;
  }
  const fs::path folder = images_folder(place, test, list.notes);
  const Entries entries = entries_of(folder);
  add_images(entries.images, list.scans);
  add_dicom(folder, entries, list.scans);
  if (list.scans.empty())
    throw Error(
        ErrorCode::kMissing,
        fmt::format("there is no scan in {}: neither an image file (.nii, .nii.gz, .nrrd, .mha) nor a DICOM "
                    "CT series",
                    folder.string()));
  std::stable_sort(list.scans.begin(), list.scans.end(),
                   [](const NamedScan& a, const NamedScan& b) { return a.name < b.name; });
  return list;
}

}  // namespace hepar
