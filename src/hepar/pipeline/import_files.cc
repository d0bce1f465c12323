// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/import_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/io/image_io.h"

namespace hepar::importing {
namespace fs = std::filesystem;
namespace {

constexpr const char* kScratchName = ".part-import-";

void move(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (error)
    throw Error(ErrorCode::kMissing, fmt::format("can't write {}: {}", to.string(), error.message()));
}

void remove_file(const fs::path& file) {
  std::error_code error;
  fs::remove(file, error);
  if (error)
    throw Error(ErrorCode::kMissing, fmt::format("can't remove {}: {}", file.string(), error.message()));
}

void walk(const std::vector<fs::path>& entries, FilesBelow& found) {
  for (const fs::path& entry : entries) {
    std::error_code ignored;
    if (fs::is_directory(fs::symlink_status(entry, ignored))) {
      try {
        walk(entries_of(entry), found);
      } catch (const Error&) {
        ++found.unreadable_folders;
      }
    } else if (fs::is_regular_file(entry, ignored)) {
      found.files.push_back(entry);
    }
  }
}

}  // namespace

std::vector<fs::path> entries_of(const fs::path& folder) {
  std::vector<fs::path> entries;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
    entries.push_back(entry->path());
  if (error)
    throw Error(ErrorCode::kMissing, fmt::format("can't read {}: {}", folder.string(), error.message()));
  std::ranges::sort(entries);
  return entries;
}

FilesBelow files_below(const fs::path& folder) {
  FilesBelow found;
  walk(entries_of(folder), found);
  return found;
}

void note_unreadable(std::int64_t folder_count, Source& source) {
  if (folder_count > 0)
    source.notes.push_back(fmt::format("Folders that can't be read were passed over: {}.", folder_count));
}

DatasetFiles::DatasetFiles(fs::path root)
    : root_(std::move(root)), scratch_(root_ / fmt::format("{}{}", kScratchName, ::getpid())) {
  std::error_code ignored;
  for (fs::path folder = fs::absolute(root_).lexically_normal();
       !folder.empty() && !fs::exists(folder, ignored); folder = folder.parent_path()) {
    first_made_ = folder;
  }
  make_folder(root_);
  lock();
  remove_left_scratch();
}

DatasetFiles::~DatasetFiles() {
  std::error_code ignored;
  fs::remove_all(scratch_, ignored);
  if (!first_made_.empty()) remove_what_was_made();
  if (lock_ >= 0) ::close(lock_);
}

// The system lets go of it when the process ends, however it ends. Where a file system knows no locks on
// folders (NFS), there is none, and what is left of killed runs stays.
void DatasetFiles::lock() {
  lock_ = ::open(root_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (lock_ < 0 || ::flock(lock_, LOCK_EX | LOCK_NB) == 0) return;
  const bool taken = errno == EWOULDBLOCK;
  ::close(lock_);
  lock_ = -1;
  if (taken) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("another run imports into {}; wait until it has ended", root_.string()));
  }
}

void DatasetFiles::remove_left_scratch() const {
  if (lock_ < 0) return;
  for (const fs::path& entry : entries_of(root_)) {
    std::error_code ignored;
    if (entry.filename().string().starts_with(kScratchName)) fs::remove_all(entry, ignored);
  }
}

void DatasetFiles::remove_what_was_made() const {
  const fs::path last = fs::absolute(root_).lexically_normal(), stop = first_made_.parent_path();
  std::error_code error;
  for (fs::path folder = last.has_filename() ? last : last.parent_path(); folder != stop && !error;
       folder = folder.parent_path()) {
    if (!fs::is_empty(folder, error) || error) return;
    fs::remove(folder, error);
  }
}

const fs::path& DatasetFiles::fresh_scratch() const {
  std::error_code ignored;
  fs::remove_all(scratch_, ignored);
  make_folder(scratch_);
  return scratch_;
}

fs::path DatasetFiles::image_of(const std::string& name) const {
  return root_ / "imagesTr" / (name + "_0000.nii.gz");
}

fs::path DatasetFiles::labels_of(const std::string& name) const {
  return root_ / "labelsTr" / (name + ".nii.gz");
}

bool DatasetFiles::has(const std::string& name) const {
  std::error_code ignored;
  return fs::exists(image_of(name), ignored) && fs::exists(labels_of(name), ignored);
}

void DatasetFiles::stage(const CaseVolumes& volumes) const {
  fresh_scratch();
  write_ct(scratch_ / "image.nii.gz", volumes.ct);
  write_labels(scratch_ / "labels.nii.gz", volumes.labels);
}

void DatasetFiles::publish(const std::string& name) const {
  make_folder(root_ / "imagesTr");
  make_folder(root_ / "labelsTr");
  remove_file(labels_of(name));
  move(scratch_ / "image.nii.gz", image_of(name));
  move(scratch_ / "labels.nii.gz", labels_of(name));
}

void DatasetFiles::remove(const std::string& name) const {
  remove_file(labels_of(name));
  remove_file(image_of(name));
}

bool DatasetFiles::has_folders() const {
  std::error_code ignored;
  return fs::exists(root_ / "imagesTr", ignored) || fs::exists(root_ / "labelsTr", ignored);
}

void DatasetFiles::remove_empty_folders() const {
  for (const char* folder : {"labelsTr", "imagesTr"}) {
    std::error_code ignored;
    if (fs::is_empty(root_ / folder, ignored)) fs::remove(root_ / folder, ignored);
  }
}

}  // namespace hepar::importing
