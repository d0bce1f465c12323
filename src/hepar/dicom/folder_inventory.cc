// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/folder_inventory.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/dicom/attributes.h"
#include "hepar/dicom/dicom_file.h"
#include "hepar/dicom/object_references.h"
#include "hepar/dicom/series_facts.h"
#include "hepar/digest/sha256.h"

namespace hepar {
namespace fs = std::filesystem;
namespace {
using dicom::FileHeader;

std::vector<fs::path> files_below(const fs::path& folder) {
  if (!fs::is_directory(folder))
    throw Error(ErrorCode::kMissing, fmt::format("there is no folder {}", folder.string()));
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, fs::directory_options::skip_permission_denied, error),
       end;
       entry != end && !error; entry.increment(error)) {
    std::error_code ignored;
    if (entry->is_regular_file(ignored)) files.push_back(entry->path());
  }
  if (error)
    throw Error(ErrorCode::kMissing, fmt::format("can't read {}: {}", folder.string(), error.message()));
  std::sort(files.begin(), files.end());
  return files;
}

// What one file turned out to be.
struct FileView {
  std::optional<FileHeader> header;  // none: no DICOM, or damaged
  DicomObject object;
  std::optional<DamagedFile> damage;
};

FileView look_at(const fs::path& file) {
  FileView view;
  try {
    view.header = dicom::read_file_header(file);
    if (!view.header) return view;
    view.object = {file, view.header->sop_instance_uid, 0, {}};
    if (view.header->modality == "RTSTRUCT" || view.header->modality == "SEG")
      dicom::read_references(view.object);
  } catch (const Error& error) {
    view.damage = {file, view.header ? view.header->modality : "", error.what()};
    view.header.reset();
  }
  return view;
}

std::string patient_of(const FileHeader& header) {
  if (header.patient_key.empty()) return "";
  DcmFileFormat format;
  std::string issuer;
  if (format
          .loadFileUntilTag(header.file.c_str(), EXS_Unknown, EGL_noChange, 4096, ERM_autoDetect,
                            DCM_PatientBirthDate)
          .good()) {
    issuer = dicom::text(*format.getDataset(), DCM_IssuerOfPatientID);
  }
  return sha256_hex(fmt::format("{}\n{}", header.patient_key, issuer)).substr(0, 8);
}

std::vector<FileView> look_at_all(const std::vector<fs::path>& files, Progress* progress) {
  std::vector<FileView> views(files.size());
  constexpr std::size_t kPiece = 256;
  for (std::size_t begin = 0; begin < files.size(); begin += kPiece) {
    report(progress, "reading DICOM files", static_cast<double>(begin) / static_cast<double>(files.size()));
    const std::size_t count = std::min(kPiece, files.size() - begin);
    parallel_for(static_cast<std::int64_t>(count), [&](std::int64_t n) {
      const std::size_t index = begin + static_cast<std::size_t>(n);
      views[index] = look_at(files[index]);
    });
  }
  return views;
}

DicomSeries series_of(std::vector<FileView*>& views) {
  std::vector<FileHeader> headers;
  DicomSeries series;
  for (FileView* view : views) {
    headers.push_back(std::move(*view->header));
    series.objects.push_back(std::move(view->object));
  }
  const FileHeader& first = headers.front();
  series.uid = first.series_uid, series.study_uid = first.study_uid, series.modality = first.modality;
  series.frame_of_reference_uid = first.frame_of_reference_uid;
  series.patient = patient_of(first);
  dicom::state_facts(headers, series);
  return series;
}

void check_references(FolderInventory& inventory) {
  for (DicomSeries& series : inventory.series) {
    if (series.modality != "RTSTRUCT" && series.modality != "SEG") continue;
    const auto lost = std::ranges::count_if(
        series.objects, [&](const DicomObject& object) { return inventory.ct_of(object) == nullptr; });
    if (lost == 0) continue;
    series.problems.push_back(
        lost == 1 && series.objects.size() == 1
            ? "The CT series that it was drawn on is not here, or not clear."
            : fmt::format(
                  "Of {} of its {} files the CT series that they were drawn on is not here, or not clear.",
                  lost, series.objects.size()));
  }
}

bool contains(const std::vector<std::string>& list, const std::string& wanted) {
  return !wanted.empty() && std::ranges::find(list, wanted) != list.end();
}

}  // namespace

const DicomSeries* FolderInventory::find(const std::string& series_uid) const {
  const auto found = std::ranges::find(series, series_uid, &DicomSeries::uid);
  return found == series.end() ? nullptr : &*found;
}

const DicomSeries* FolderInventory::ct_of(const DicomObject& object) const {
  std::vector<const DicomSeries*> named, drawn_on, in_frame;
  for (const DicomSeries& candidate : series) {
    if (candidate.modality != "CT") continue;
    if (contains(object.references.series_uids, candidate.uid)) named.push_back(&candidate);
    if (contains(object.references.frame_of_reference_uids, candidate.frame_of_reference_uid))
      in_frame.push_back(&candidate);
    const auto shown = [&object](const DicomObject& slice) {
      return std::ranges::binary_search(object.references.instance_uids, slice.instance_uid);
    };
    if (std::ranges::any_of(candidate.objects, shown)) drawn_on.push_back(&candidate);
  }
  for (const auto& matching : {named, drawn_on, in_frame}) {
    if (!matching.empty()) return matching.size() == 1 ? matching.front() : nullptr;
  }
  return nullptr;
}

FolderInventory take_inventory(const fs::path& folder, Progress* progress) {
  dicom::prepare_dcmtk();
  const std::vector<fs::path> files = files_below(folder);
  std::vector<FileView> views = look_at_all(files, progress);
  FolderInventory inventory;
  inventory.file_count = std::ssize(files);
  std::map<std::pair<std::string, std::string>, std::vector<FileView*>> groups;
  for (FileView& view : views) {
    if (view.damage) {
      inventory.unreadable.push_back(*view.damage);
    } else if (!view.header) {
      ++inventory.not_dicom_count;
    } else if (view.header->series_uid.empty() && view.header->modality.empty()) {
      ++inventory.directory_count;
    } else {
      groups[{view.header->series_uid, view.header->modality}].push_back(&view);
    }
  }
  for (auto& [key, group] : groups) inventory.series.push_back(series_of(group));
  std::ranges::sort(inventory.series, {},
                    [](const DicomSeries& s) { return std::tie(s.patient, s.study_uid, s.modality, s.uid); });
  check_references(inventory);
  return inventory;
}

}  // namespace hepar
