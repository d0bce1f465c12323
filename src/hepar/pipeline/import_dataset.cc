// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/import_dataset.h"

#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <set>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/digest/sha256.h"
#include "hepar/io/image_io.h"
#include "hepar/pipeline/import_record.h"
#include "hepar/pipeline/import_source.h"

namespace hepar {
namespace fs = std::filesystem;
namespace {
using importing::Candidate;
using importing::CaseVolumes;
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

// The earlier import that the folder holds. Error(kInvalidInput) when it holds anything else.
std::vector<ImportedCase> earlier_cases(const ImportRequest& request) {
  auto record = importing::read_record(request.dataset);
  if (!record) {
    if (fs::exists(request.dataset / "imagesTr") || fs::exists(request.dataset / "labelsTr")) {
      throw Error(ErrorCode::kInvalidInput,
                  fmt::format("{} is a dataset that was not imported by Hepar; give another folder",
                              request.dataset.string()));
    }
    return {};
  }
  if (record->request.format != request.format || record->request.structures != request.structures) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("{} was imported from {} or by other names of structures; give another folder",
                            request.dataset.string(), import_format_name(record->request.format)));
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

// The dataset's folders, and the hidden one in which a case is made before its files move into place.
class Dataset {
 public:
  explicit Dataset(const fs::path& root)
      : images_(root / "imagesTr"), labels_(root / "labelsTr"), scratch_(root / ".part-import") {
    remove_scratch();  // of a run that was killed
  }
  ~Dataset() { remove_scratch(); }
  Dataset(const Dataset&) = delete;
  Dataset& operator=(const Dataset&) = delete;

  // An empty folder.
  const fs::path& fresh_scratch() const {
    remove_scratch();
    make_folder(scratch_);
    return scratch_;
  }
  bool has(const std::string& name) const {
    return fs::exists(image_of(name)) && fs::exists(labels_of(name));
  }
  void write(const std::string& name, const CaseVolumes& volumes) const {
    fresh_scratch();
    write_ct(scratch_ / "image.nii.gz", volumes.ct);
    write_labels(scratch_ / "labels.nii.gz", volumes.labels);
    make_folder(images_);
    make_folder(labels_);
    move(scratch_ / "image.nii.gz", image_of(name));
    move(scratch_ / "labels.nii.gz", labels_of(name));
  }
  void remove(const std::string& name) const {
    std::error_code ignored;
    fs::remove(labels_of(name), ignored);
    fs::remove(image_of(name), ignored);
  }

 private:
  fs::path image_of(const std::string& name) const { return images_ / (name + "_0000.nii.gz"); }
  fs::path labels_of(const std::string& name) const { return labels_ / (name + ".nii.gz"); }
  void remove_scratch() const {
    std::error_code ignored;
    fs::remove_all(scratch_, ignored);
  }
  static void move(const fs::path& from, const fs::path& to) {
    std::error_code error;
    fs::rename(from, to, error);
    if (error)
      throw Error(ErrorCode::kMissing, fmt::format("can't write {}: {}", to.string(), error.message()));
  }

  fs::path images_, labels_, scratch_;
};

ImportedCase describe(const Candidate& candidate, const std::string& digest, const CaseVolumes& volumes) {
  std::int64_t count[4] = {};
  for (const std::uint8_t label : volumes.labels.voxels()) ++count[label];
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

// One run: goes through the candidates and keeps the record on the disk up with the files.
class Import {
 public:
  Import(const ImportRequest& request, Source source, std::vector<ImportedCase> earlier)
      : dataset_(request.dataset), candidates_(std::move(source.candidates)), earlier_(std::move(earlier)) {
    report_.request = request;
    report_.refused = std::move(source.refused), report_.notes = std::move(source.notes);
    keep_cases_without_source();
  }

  ImportReport run(Progress* progress) {
    std::set<std::string> names;
    for (std::size_t n = 0; n < candidates_.size(); ++n) {
      report(progress, "importing", static_cast<double>(n) / static_cast<double>(candidates_.size()));
      const Candidate& candidate = candidates_[n];
      if (names.insert(candidate.name).second) {
        take(candidate);
      } else {
        refuse(candidate, fmt::format("another case of the source is also called {}", candidate.name));
      }
    }
    report(progress, "importing", 1.0);
    if (!report_.taken.empty()) {
      write_record();
      write_text_file(report_.request.dataset / "dataset.json", importing::dataset_json(report_));
    }
    return std::move(report_);
  }

 private:
  const ImportedCase* earlier(const std::string& name) const {
    const auto found = std::ranges::find(earlier_, name, &ImportedCase::name);
    return found == earlier_.end() ? nullptr : &*found;
  }

  void keep_cases_without_source() {
    for (const ImportedCase& before : earlier_) {
      if (std::ranges::find(candidates_, before.name, &Candidate::name) != candidates_.end()) continue;
      if (!dataset_.has(before.name)) continue;
      report_.taken.push_back(before);
      report_.notes.push_back(
          fmt::format("{} is from an earlier run; the source no longer holds it.", before.name));
    }
  }

  void refuse(const Candidate& candidate, const std::string& reason) {
    report_.refused.push_back({candidate.source, reason});
  }

  void take(const Candidate& candidate) {
    std::string digest;
    CaseVolumes volumes;
    try {
      digest = digest_of(candidate.paths);
      const ImportedCase* before = earlier(candidate.name);
      if (before != nullptr && before->source_sha256 == digest && dataset_.has(candidate.name)) {
        add(*before);
        return;
      }
      volumes = candidate.read(dataset_.fresh_scratch());
      check_case(volumes);
    } catch (const Error& error) {
      if (error.code() == ErrorCode::kCancelled || error.code() == ErrorCode::kInternal) throw;
      drop(candidate, error.what());
      return;
    } catch (const std::bad_alloc&) {
      drop(candidate, "it needs more memory than there is");
      return;
    }
    dataset_.write(candidate.name, volumes);
    add(describe(candidate, digest, volumes));
    write_record();
  }

  // Refuses a case; what an earlier run made of other bytes goes.
  void drop(const Candidate& candidate, const std::string& reason) {
    refuse(candidate, reason);
    if (earlier(candidate.name) == nullptr) return;
    dataset_.remove(candidate.name);
    report_.notes.push_back(
        fmt::format("{} was removed: its source has changed and is refused now.", candidate.name));
  }

  void add(ImportedCase taken) {
    const auto place = std::ranges::lower_bound(report_.taken, taken.name, {}, &ImportedCase::name);
    report_.taken.insert(place, std::move(taken));
  }

  // Cases that this run has not come to yet stay in it, so that a run that is killed does not forget them.
  void write_record() const {
    ImportReport record = report_;
    for (const ImportedCase& before : earlier_) {
      const bool known =
          std::ranges::find(record.taken, before.name, &ImportedCase::name) != record.taken.end();
      if (!known && dataset_.has(before.name)) record.taken.push_back(before);
    }
    std::ranges::sort(record.taken, {}, &ImportedCase::name);
    write_text_file(report_.request.dataset / importing::kRecordFile, import_json(record));
  }

  Dataset dataset_;
  std::vector<Candidate> candidates_;
  std::vector<ImportedCase> earlier_;
  ImportReport report_;
};

}  // namespace

ImportReport import_dataset(const ImportRequest& request, Progress* progress) {
  std::vector<ImportedCase> earlier = earlier_cases(request);
  Source source = find_source(request, progress);
  return Import(request, std::move(source), std::move(earlier)).run(progress);
}

}  // namespace hepar
