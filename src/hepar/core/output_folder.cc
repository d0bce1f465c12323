// SPDX-License-Identifier: Apache-2.0
#include "hepar/core/output_folder.h"

#include <fmt/format.h>
#include <unistd.h>

#include <set>
#include <string>

#include "hepar/core/error.h"
#include "hepar/core/file.h"

namespace hepar {
namespace fs = std::filesystem;

OutputFolder::OutputFolder(fs::path target)
    : target_(std::move(target)), staging_(target_ / fmt::format(".part-{}", ::getpid())) {
  for (fs::path folder = fs::absolute(target_).lexically_normal(); !folder.empty() && !fs::exists(folder);
       folder = folder.parent_path()) {
    first_made_ = folder;
  }
  make_folder(staging_);
}

OutputFolder::~OutputFolder() {
  std::error_code ignored;
  fs::remove_all(staging_, ignored);
  if (!first_made_.empty()) fs::remove_all(first_made_, ignored);
}

void OutputFolder::commit(std::span<const std::string_view> results) {
  std::set<std::string> written;
  for (const auto& entry : fs::directory_iterator(staging_)) {
    written.insert(entry.path().filename().string());
    std::error_code error;
    fs::rename(entry.path(), target_ / entry.path().filename(), error);
    if (error) {
      throw Error(
          ErrorCode::kMissing,
          fmt::format("can't write {}: {}", (target_ / entry.path().filename()).string(), error.message()));
    }
  }
  for (const std::string_view name : results) {
    std::error_code ignored;
    if (!written.contains(std::string(name))) fs::remove(target_ / name, ignored);
  }
  first_made_.clear();
}

}  // namespace hepar
