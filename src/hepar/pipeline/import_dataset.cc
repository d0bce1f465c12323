// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/import_dataset.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <new>
#include <set>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/digest/sha256.h"
#include "hepar/pipeline/import_files.h"
#include "hepar/pipeline/import_record.h"
#include "hepar/pipeline/import_source.h"
#include "hepar/volume/label_counts.h"

namespace hepar {
namespace fs = std::filesystem;
namespace {
using importing::Candidate;
using importing::CaseVolumes;
using importing::DatasetFiles;
using importing::Source;

Source find_source(const ImportRequest& request, Progress* progress) {
  switch (request.format) {
    case ImportFormat::kLits:
      return importing::lits_source(request.source);
    case ImportFormat::kMsd:
      return importing::msd_source(request.source);
    case ImportFormat::kIrcadb:
      return importing::ircadb_source(request.source);
    case ImportFormat::kDicomRt:
      return importing::rtstruct_source(request.source, request.structures, progress);
    case ImportFormat::kDicomSeg:
      break;
  }
  return importing::segmentation_source(request.source, request.structures, progress);
}

// "liver Liver; tumour GTV*, Mass*; cyst Cyst*".
std::string all_names(const StructureNames& names) {
  return fmt::format("liver {}; tumour {}; cyst {}", fmt::join(names.liver, ", "),
                     fmt::join(names.tumour, ", "), fmt::join(names.cyst, ", "));
}

// The earlier import that the folder holds. Error(kInvalidInput) when it holds anything else.
std::vector<ImportedCase> earlier_cases(const ImportRequest& request) {
  auto record = importing::read_record(request.dataset);
  if (!record) {
    const auto holds = [&](const char* name) { return fs::exists(request.dataset / name); };
    if (holds("imagesTr") || holds("labelsTr") || holds("dataset.json")) {
      throw Error(ErrorCode::kInvalidInput,
                  fmt::format("{} is a dataset that was not imported by Hepar; give another folder",
                              request.dataset.string()));
    }
    return {};
  }
  const ImportRequest& before = record->request;
  if (before.format != request.format) {
    throw Error(
        ErrorCode::kInvalidInput,
        fmt::format("{} was imported from {}, not from {}; give another folder", request.dataset.string(),
                    import_format_name(before.format), import_format_name(request.format)));
  }
  if (before.structures != request.structures) {
    throw Error(
        ErrorCode::kInvalidInput,
        fmt::format("{} was imported by other names of structures, {}, and these are {}; give another "
                    "folder or those names",
                    request.dataset.string(), all_names(before.structures), all_names(request.structures)));
  }
  return std::move(record->taken);
}

std::string digest_of(const std::vector<fs::path>& paths) {
  if (paths.size() == 1) return sha256_of_path(paths.front());
  std::string digests;
  for (const fs::path& path : paths) digests += sha256_of_path(path) + "\n";
  return sha256_hex(digests);
}

void check_case(const CaseVolumes& volumes) {
  if (const auto difference = grid_difference(volumes.labels.geometry(), volumes.ct.geometry())) {
    throw Error(ErrorCode::kInvalidInput, fmt::format("the labels do not lie on the image: {}", *difference));
  }
  const auto [least, most] = std::ranges::minmax(volumes.ct.voxels());
  if (least == most)
    throw Error(ErrorCode::kInvalidInput, fmt::format("all voxels of the image are {} HU", least));
}

ImportedCase describe(const Candidate& candidate, const std::string& digest, const CaseVolumes& volumes) {
  const auto count = count_labels(volumes.labels);
  const auto ml = [&](std::int64_t voxels) {
    return static_cast<double>(voxels) * volumes.labels.geometry().voxel_volume_ml();
  };
  return {.name = candidate.name,
          .source = candidate.source,
          .source_sha256 = digest,
          .liver_ml = ml(count[kLiver] + count[kTumour] + count[kCyst]),
          .tumour_ml = ml(count[kTumour]),
          .cyst_ml = ml(count[kCyst]),
          .notes = volumes.notes};
}

// The exception in flight as a reason to refuse one case; what must end the run is thrown on.
Error refusal() {
  try {
    throw;
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kCancelled || error.code() == ErrorCode::kInternal) throw;
    return error;
  } catch (const std::bad_alloc&) {
    return {ErrorCode::kExhausted, "it needs more memory than there is"};
  } catch (const fs::filesystem_error& error) {  // its text names paths
    return {ErrorCode::kMissing, fmt::format("its files can't be read: {}", error.code().message())};
  }
}

// True when the bytes of a source are what is refused, not their way here.
bool is_on_the_bytes(ErrorCode code) {
  return code == ErrorCode::kInvalidInput || code == ErrorCode::kCorrupt || code == ErrorCode::kUnsupported;
}

// One run: goes through the candidates and keeps the record on the disk up with the files.
class Import {
 public:
  Import(const ImportRequest& request, const DatasetFiles& files, Source source,
         std::vector<ImportedCase> earlier)
      : files_(files), candidates_(std::move(source.candidates)), earlier_(std::move(earlier)) {
    report_.request = request;
    report_.refused = std::move(source.refused), report_.notes = std::move(source.notes);
    keep_cases_without_source();
  }

  ImportReport run(Progress* progress) {
    try {
      take_all(progress);
    } catch (...) {
      try {
        write_record();
      } catch (const Error&) {  // on a full disk, say: the one before it stays, and the first error counts
      }
      throw;
    }
    write_record();
    return std::move(report_);
  }

 private:
  void take_all(Progress* progress) {
    std::set<std::string> names;
    for (std::size_t n = 0; n < candidates_.size(); ++n) {
      report(progress, "importing", static_cast<double>(n) / static_cast<double>(candidates_.size()));
      const Candidate& candidate = candidates_[n];
      if (names.insert(candidate.name).second) {
        take(candidate);
      } else {
        report_.refused.push_back(
            {candidate.source, fmt::format("another case of the source is also called {}", candidate.name)});
      }
    }
    report(progress, "importing", 1.0);
  }

  const ImportedCase* earlier(const std::string& name) const {
    const auto found = std::ranges::find(earlier_, name, &ImportedCase::name);
    return found == earlier_.end() ? nullptr : &*found;
  }

  void keep_cases_without_source() {
    for (const ImportedCase& before : earlier_) {
      if (std::ranges::find(candidates_, before.name, &Candidate::name) != candidates_.end()) continue;
      if (!files_.has(before.name)) continue;
      add(before);
      report_.notes.push_back(
          fmt::format("{} is from an earlier run; the source no longer holds it.", before.name));
    }
  }

  void take(const Candidate& candidate) {
    const fs::path& scratch = files_.fresh_scratch();
    std::string digest;  // empty: the source can't be read whole
    CaseVolumes volumes;
    try {
      digest = digest_of(candidate.paths);
      const ImportedCase* before = earlier(candidate.name);
      if (before != nullptr && before->source_sha256 == digest && files_.has(candidate.name)) {
        add(*before);
        return;
      }
      volumes = candidate.read(scratch);
      check_case(volumes);
    } catch (...) {
      refuse(candidate, digest, refusal());
      return;
    }
    write(candidate, digest, volumes);
  }

  void write(const Candidate& candidate, const std::string& digest, const CaseVolumes& volumes) {
    files_.stage(volumes);
    // With a record first, what a killed run leaves is known as an import.
    if (!fs::exists(record_file())) write_text_file(record_file(), import_json(report_));
    note_replacement(candidate, digest);
    files_.publish(candidate.name);
    add(describe(candidate, digest, volumes));
    write_record();
  }

  void note_replacement(const Candidate& candidate, const std::string& digest) {
    const ImportedCase* before = earlier(candidate.name);
    if (before == nullptr || before->source_sha256 == digest) return;
    report_.notes.push_back(
        before->source == candidate.source
            ? fmt::format("{} was made anew: the files it comes from are others than before.", candidate.name)
            : fmt::format("{} was replaced: it came from {}, and now comes from {}.", candidate.name,
                          before->source, candidate.source));
  }

  // What an earlier run made of other bytes goes when those of now can't be used; what only can't be read
  // this time costs no case.
  void refuse(const Candidate& candidate, const std::string& digest, const Error& error) {
    const std::string reason = error.what();
    report_.refused.push_back(
        {candidate.source, candidate.without_paths ? candidate.without_paths(reason) : reason});
    const ImportedCase* before = earlier(candidate.name);
    if (before == nullptr || !files_.has(candidate.name)) return;
    if (!digest.empty() && digest != before->source_sha256 && is_on_the_bytes(error.code())) {
      files_.remove(candidate.name);
      report_.notes.push_back(
          fmt::format("{} was removed: its source has changed and is refused now.", candidate.name));
    } else {
      add(*before);
      report_.notes.push_back(
          fmt::format("{} is from an earlier run; its source can't be used this time.", candidate.name));
    }
  }

  void add(ImportedCase taken) {
    const auto place = std::ranges::lower_bound(report_.taken, taken.name, {}, &ImportedCase::name);
    report_.taken.insert(place, std::move(taken));
  }

  fs::path record_file() const { return files_.root() / importing::kRecordFile; }

  // Cases that this run has not come to yet stay in it, so that a run that is killed does not forget them.
  void write_record() const {
    ImportReport record = report_;
    for (const ImportedCase& before : earlier_) {
      const bool known =
          std::ranges::find(record.taken, before.name, &ImportedCase::name) != record.taken.end();
      if (!known && files_.has(before.name)) record.taken.push_back(before);
    }
    std::ranges::sort(record.taken, {}, &ImportedCase::name);
    const fs::path description = files_.root() / "dataset.json";
    if (!record.taken.empty()) {
      write_text_file(record_file(), import_json(record));
      write_text_file(description, importing::dataset_json(record));
    } else if (fs::exists(record_file())) {  // there was a case, and there is none any more
      files_.remove_empty_folders();
      fs::remove(description);
      if (files_.has_folders()) {  // a file of half a case; the next run knows by the record whose it is
        write_text_file(record_file(), import_json(record));
      } else {
        fs::remove(record_file());
      }
    }
  }

  const DatasetFiles& files_;
  std::vector<Candidate> candidates_;
  std::vector<ImportedCase> earlier_;
  ImportReport report_;
};

}  // namespace

namespace importing {

ImportReport import_cases(const ImportRequest& request, const std::function<Source()>& find,
                          Progress* progress) {
  const DatasetFiles files(request.dataset);
  std::vector<ImportedCase> earlier = earlier_cases(request);
  return Import(request, files, find(), std::move(earlier)).run(progress);
}

}  // namespace importing

ImportReport import_dataset(const ImportRequest& request, Progress* progress) {
  return importing::import_cases(
      request, [&] { return find_source(request, progress); }, progress);
}

}  // namespace hepar
