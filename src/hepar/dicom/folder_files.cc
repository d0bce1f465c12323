// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/folder_files.h"

#include <fmt/format.h>

#include <algorithm>

#include "hepar/core/error.h"

namespace hepar::dicom {
namespace fs = std::filesystem;

std::vector<fs::path> files_in(const fs::path& folder) {
  std::error_code error;
  const fs::file_status status = fs::status(folder, error);
  if (status.type() == fs::file_type::not_found)
    throw Error(ErrorCode::kMissing, fmt::format("can't read {}: no such folder", folder.string()));
  if (fs::exists(status) && !fs::is_directory(status)) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("{} is a file; give the folder that holds the DICOM files", folder.string()));
  }
  std::vector<fs::path> files;
  error.clear();
  for (fs::recursive_directory_iterator entry(folder, fs::directory_options::skip_permission_denied, error),
       end;
       entry != end && !error; entry.increment(error)) {
    std::error_code ignored;
    if (entry->is_regular_file(ignored)) files.push_back(entry->path());
  }
  if (error)
    throw Error(ErrorCode::kMissing, fmt::format("can't read {}: {}", folder.string(), error.message()));
  std::ranges::sort(files);
  return files;
}

}  // namespace hepar::dicom
