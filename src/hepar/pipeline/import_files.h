// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "hepar/pipeline/import_source.h"

namespace hepar::importing {

// What lies directly in a folder, sorted. Error(kMissing) when it can't be read.
std::vector<std::filesystem::path> entries_of(const std::filesystem::path& folder);

// The regular files of a folder, to any depth, sorted; symbolic links to folders are not followed. Inner
// folders that can't be read are counted. Error(kMissing) when the folder itself can't be read.
struct FilesBelow {
  std::vector<std::filesystem::path> files;
  std::int64_t unreadable_folders = 0;
};
FilesBelow files_below(const std::filesystem::path& folder);
void note_unreadable(std::int64_t folder_count, Source& source);

// The files of a dataset while one run has it. A folder that this made and left empty goes with it.
class DatasetFiles {
 public:
  // Makes the folder. Error: kMissing (it can't be made), kInvalidInput (another run imports into it).
  explicit DatasetFiles(std::filesystem::path root);
  ~DatasetFiles();
  DatasetFiles(const DatasetFiles&) = delete;
  DatasetFiles& operator=(const DatasetFiles&) = delete;

  const std::filesystem::path& root() const { return root_; }
  // An empty hidden folder on the disk of the dataset, for what is made before it moves into place.
  const std::filesystem::path& fresh_scratch() const;
  // True when the case has image and labels.
  bool has(const std::string& name) const;
  // Writes a case's files where nobody looks for them yet. Error: kExhausted (disk full), kMissing.
  void stage(const CaseVolumes& volumes) const;
  // Moves what was staged into place. A run killed amid it leaves a case without labels, which is none, but
  // never an image with the labels of another one.
  void publish(const std::string& name) const;
  void remove(const std::string& name) const;
  // Removes the folders of images and labels if they are empty.
  void remove_empty_folders() const;
  bool has_folders() const;

 private:
  std::filesystem::path image_of(const std::string& name) const;
  std::filesystem::path labels_of(const std::string& name) const;
  void lock();
  void remove_left_scratch() const;
  void remove_what_was_made() const;

  std::filesystem::path root_, scratch_;
  std::filesystem::path first_made_;  // the topmost folder this object made; empty: none
  int lock_ = -1;                     // a descriptor of the folder
};

}  // namespace hepar::importing
