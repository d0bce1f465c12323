// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/folder_inventory.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <map>
#include <set>
#include <tuple>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/dicom/attributes.h"
#include "hepar/dicom/dicom_file.h"
#include "hepar/dicom/folder_files.h"
#include "hepar/dicom/object_references.h"
#include "hepar/dicom/series_facts.h"
#include "hepar/digest/sha256.h"

namespace hepar {
namespace fs = std::filesystem;
namespace {
using dicom::FileHeader;

// What one file turned out to be.
struct FileView {
  std::optional<FileHeader> header;  // none: no DICOM, or damaged
  DicomObject object;
  std::optional<DamagedFile> damage;
};

// Names the file by its path below the folder.
void shorten(std::string& text, const fs::path& file, const fs::path& folder) {
  const std::string path = file.string(), relative = file.lexically_relative(folder).string();
  for (std::size_t at = text.find(path); at != std::string::npos; at = text.find(path, at + relative.size()))
    text.replace(at, path.size(), relative);
}

FileView look_at(const fs::path& file, const fs::path& folder) {
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
  } catch (const std::exception& error) {  // such as no memory for what a damaged file claims
    view.damage = {file, view.header ? view.header->modality : "",
                   fmt::format("{} can't be read: {}", file.string(), error.what())};
    view.header.reset();
  }
  if (view.damage) shorten(view.damage->reason, file, folder);
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

std::vector<FileView> look_at_all(const std::vector<fs::path>& files, const fs::path& folder,
                                  Progress* progress) {
  std::vector<FileView> views(files.size());
  constexpr std::size_t kPiece = 256;
  for (std::size_t begin = 0; begin < files.size(); begin += kPiece) {
    report(progress, "reading DICOM files", static_cast<double>(begin) / static_cast<double>(files.size()));
    const std::size_t count = std::min(kPiece, files.size() - begin);
    parallel_for(static_cast<std::int64_t>(count), [&](std::int64_t n) {
      const std::size_t index = begin + static_cast<std::size_t>(n);
      views[index] = look_at(files[index], folder);
    });
  }
  return views;
}

DicomSeries series_of(std::vector<FileView*>& views, const fs::path& folder) {
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
  for (std::string& problem : series.problems) {
    for (const DicomObject& object : series.objects) shorten(problem, object.file, folder);
  }
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
  std::set<std::size_t> shown;
  for (const std::string& uid : object.references.instance_uids) {
    if (const auto found = ct_by_instance.find(uid); found != ct_by_instance.end())
      shown.insert(found->second.begin(), found->second.end());
  }
  for (const std::size_t index : shown) drawn_on.push_back(&series[index]);
  for (const DicomSeries& candidate : series) {
    if (candidate.modality != "CT") continue;
    if (contains(object.references.series_uids, candidate.uid)) named.push_back(&candidate);
    if (contains(object.references.frame_of_reference_uids, candidate.frame_of_reference_uid))
      in_frame.push_back(&candidate);
  }
  // Phases of one study share their frame of reference: it decides only for objects that say no more.
  if (!object.references.series_uids.empty() || !object.references.instance_uids.empty()) in_frame.clear();
  for (const auto& matching : {named, drawn_on, in_frame}) {
    if (!matching.empty()) return matching.size() == 1 ? matching.front() : nullptr;
  }
  return nullptr;
}

FolderInventory take_inventory(const fs::path& folder, Progress* progress) {
  dicom::prepare_dcmtk();
  const std::vector<fs::path> files = dicom::files_in(folder);
  std::vector<FileView> views = look_at_all(files, folder, progress);
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
  for (auto& [key, group] : groups) inventory.series.push_back(series_of(group, folder));
  std::ranges::sort(inventory.series, {},
                    [](const DicomSeries& s) { return std::tie(s.patient, s.study_uid, s.modality, s.uid); });
  for (std::size_t n = 0; n < inventory.series.size(); ++n) {
    if (inventory.series[n].modality != "CT") continue;
    for (const DicomObject& slice : inventory.series[n].objects)
      inventory.ct_by_instance[slice.instance_uid].insert(n);
  }
  check_references(inventory);
  return inventory;
}

}  // namespace hepar
