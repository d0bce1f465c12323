// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/deidentify.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <utility>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/core/output_folder.h"
#include "hepar/core/parallel.h"
#include "hepar/dicom/attributes.h"
#include "hepar/dicom/deidentify_dataset.h"
#include "hepar/dicom/deidentify_rules.h"
#include "hepar/dicom/dicom_output.h"
#include "hepar/dicom/folder_files.h"
#include "hepar/dicom/frame_decoder.h"
#include "hepar/digest/sha256.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;

constexpr std::size_t kShortestKey = 16;  // bytes; shorter ones can be found by trying

struct SourceFile {
  explicit SourceFile(fs::path path) : file(std::move(path)) {}

  fs::path file;
  bool dicom = false, directory = false;
  std::string refusal;  // why it is not taken; empty: it is
  std::string kind, series_uid, patient;
  fs::path target;  // below the output folder
};

void check_output(const fs::path& source, const fs::path& output) {
  std::error_code error;
  const fs::path from = fs::weakly_canonical(source, error), to = fs::weakly_canonical(output, error);
  if (from.empty() || to.empty()) {  // on an error
    throw Error(ErrorCode::kMissing, fmt::format("can't tell where {} lies beside {}; check both paths",
                                                 output.string(), source.string()));
  }
  if (std::mismatch(from.begin(), from.end(), to.begin(), to.end()).first == from.end()) {
    throw Error(ErrorCode::kInvalidInput,
                "the output folder lies within the source; give one outside, so that they don't mix");
  }
  if (fs::exists(output, error) && !(fs::is_directory(output, error) && fs::is_empty(output, error))) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("{} is not an empty folder; give a new one", output.string()));
  }
}

std::string key_of(const DeidentifyOptions& options) {
  if (!options.key.empty() && options.key.size() < kShortestKey) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("the key has {} bytes, which could be guessed; {} or more are wanted",
                            options.key.size(), kShortestKey));
  }
  if (!options.key.empty()) return options.key;
  std::random_device random;
  std::string key;
  for (int word = 0; word < 8; ++word) key += fmt::format("{:08x}", random());
  return key;
}

// What the file is, by what stands before its pixels.
void look_at(SourceFile& source) {
  try {
    source.dicom = dicom::looks_like_dicom(source.file);
  } catch (const Error&) {
    source.dicom = true;
    source.refusal = "is damaged: its sequences are nested without end";
    return;
  }
  if (!source.dicom) return;
  DcmFileFormat format;
  constexpr Uint32 kLongestValue = 4096;  // longer ones stay on the disk
  const OFCondition status = format.loadFileUntilTag(source.file.c_str(), EXS_Unknown, EGL_noChange,
                                                     kLongestValue, ERM_autoDetect, DCM_PixelData);
  DcmDataset& data_set = *format.getDataset();
  const std::string media_class = dicom::text(*format.getMetaInfo(), DCM_MediaStorageSOPClassUID);
  source.directory = media_class == UID_MediaStorageDirectoryStorage;
  if (source.directory) return;
  if (status.bad()) {
    source.refusal = fmt::format("is damaged ({})", status.text());
    return;
  }
  if (const std::string syntax = dicom::unknown_transfer_syntax(format); !syntax.empty()) {
    // It would be written as the uncompressed one that DCMTK takes it for.
    source.refusal = fmt::format("is compressed as {}, which Hepar does not know", syntax);
    return;
  }
  source.refusal = dicom::reason_to_refuse(data_set);
  source.kind = dicom::object_kind(data_set);
  source.series_uid = dicom::text(data_set, DCM_SeriesInstanceUID);
  source.patient = dicom::patient_of(data_set);
}

std::string new_patient_id(const std::string& patient, const std::string& key,
                           const DeidentifyOptions& options) {
  if (!options.patient_id.empty()) return options.patient_id;
  return "anon-" + sha256_hex(fmt::format("{}\npatient\n{}", key, patient)).substr(0, 16);
}

void check_patient_id(const std::vector<SourceFile>& files, const DeidentifyOptions& options) {
  if (options.patient_id.empty()) return;
  const bool printable = std::ranges::all_of(
      options.patient_id, [](unsigned char c) { return c > ' ' && c < 0x7f && c != '\\'; });
  if (!printable || options.patient_id.size() > 64) {
    throw Error(ErrorCode::kInvalidInput,
                "the new patient ID must be 1 to 64 ASCII characters without blanks and backslashes");
  }
  std::set<std::string> patients;
  for (const SourceFile& file : files) {
    if (file.dicom && file.refusal.empty() && !file.directory) patients.insert(file.patient);
  }
  if (patients.size() > 1) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("the folder holds {} patients, who can't all get one ID; leave the new patient "
                            "ID out, or name one patient's folder",
                            patients.size()));
  }
}

// SERIES_UID/KIND_NNNN.dcm, numbered in the order of the old paths.
void name_targets(std::vector<SourceFile>& files, const std::string& key) {
  std::map<std::string, int> counts;
  for (SourceFile& file : files) {
    if (!file.dicom || file.directory || !file.refusal.empty()) continue;
    const std::string folder = dicom::new_uid_for(key, file.series_uid);
    file.target = fs::path(folder) / fmt::format("{}_{:04}.dcm", file.kind, ++counts[folder]);
  }
}

// Writes the file's data set, cleaned, with new meta information: no application's name, no preamble.
void write_clean(SourceFile& source, const fs::path& folder, const std::string& patient_id,
                 dicom::DataSetCleaner& cleaner) {
  DcmFileFormat old_format;
  if (const OFCondition status = old_format.loadFile(source.file.c_str()); status.bad()) {
    source.refusal = fmt::format("is damaged ({})", status.text());
    return;
  }
  const E_TransferSyntax syntax = old_format.getDataset()->getOriginalXfer();
  DcmFileFormat format(old_format.getAndRemoveDataset(), OFFalse);
  cleaner.clean(*format.getDataset(), patient_id);
  make_folder((folder / source.target).parent_path());
  try {
    dicom::write_dicom_file(folder / source.target, format, syntax, EET_ExplicitLength, EWM_createNewMeta);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kInternal) throw;  // a full disk ends all
    source.refusal = "is damaged: it can't be written again";
  }
}

DeidentifyReport report_of(const std::vector<SourceFile>& files) {
  DeidentifyReport result;
  std::int64_t directories = 0;
  for (std::size_t n = 0; n < files.size(); ++n) {
    if (!files[n].dicom) {
      ++result.not_dicom_count;
    } else if (files[n].directory) {
      ++directories;
    } else if (!files[n].refusal.empty()) {
      // Paths often hold the patient's name.
      result.refused.push_back(fmt::format("File {} of {}, in the order of the paths, {}.", n + 1,
                                           files.size(), files[n].refusal));
    } else {
      ++result.written_count;
    }
  }
  if (directories > 0) {
    result.notes.push_back(
        fmt::format("DICOMDIR files, which list the old names, were left out: {}.", directories));
  }
  if (result.not_dicom_count > 0)
    result.notes.push_back(
        fmt::format("Files that are not DICOM were left out: {}.", result.not_dicom_count));
  return result;
}

struct CleaningCounts {
  std::int64_t replaced_names = 0;
  std::set<std::string> removed;
};

void add_notes(const CleaningCounts& counts, DeidentifyReport& result) {
  if (counts.replaced_names > 0) {
    result.notes.push_back(
        fmt::format("Names of ROIs and segments that are not plain words of anatomy and planning were "
                    "replaced by numbers: {}.",
                    counts.replaced_names));
  }
  if (!counts.removed.empty()) {
    result.notes.push_back(
        fmt::format("Also removed or emptied, as the profile does not name them but they may hold text: {}.",
                    fmt::join(counts.removed, ", ")));
  }
}

}  // namespace

DeidentifyReport deidentify(const fs::path& source, const fs::path& output, const DeidentifyOptions& options,
                            Progress* progress) {
  dicom::prepare_dcmtk();
  const std::string key = key_of(options);
  std::vector<SourceFile> files;
  for (const fs::path& file : dicom::files_in(source)) files.emplace_back(file);
  check_output(source, output);
  const auto count = static_cast<std::int64_t>(files.size());
  parallel_for(count, [&](std::int64_t n) { look_at(files[static_cast<std::size_t>(n)]); });
  if (std::ranges::none_of(files, &SourceFile::dicom)) {
    throw Error(ErrorCode::kMissing,
                fmt::format("no DICOM file in {}: {} other files", source.string(), files.size()));
  }
  check_patient_id(files, options);
  name_targets(files, key);
  OutputFolder folder(output);
  CleaningCounts counts;
  std::int64_t done = 0;
  std::mutex mutex;
  parallel_for(count, [&](std::int64_t n) {
    SourceFile& file = files[static_cast<std::size_t>(n)];
    dicom::DataSetCleaner cleaner(key);
    if (!file.target.empty())
      write_clean(file, folder.staging(), new_patient_id(file.patient, key, options), cleaner);
    const std::lock_guard lock(mutex);
    counts.replaced_names += cleaner.replaced_name_count();
    counts.removed.insert(cleaner.removed_beyond_profile().begin(), cleaner.removed_beyond_profile().end());
    report(progress, "de-identifying", static_cast<double>(++done) / static_cast<double>(count));
  });
  DeidentifyReport result = report_of(files);
  add_notes(counts, result);
  folder.commit();
  return result;
}

}  // namespace hepar
