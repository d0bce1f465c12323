// SPDX-License-Identifier: Apache-2.0
#include "hepar/io/unpack_zip.h"

#include <fmt/format.h>
#include <zip.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "hepar/core/error.h"
#include "hepar/core/file.h"

namespace hepar {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void fail(ErrorCode code, const fs::path& archive, std::string_view why) {
  throw Error(code, fmt::format("{} {}", archive.string(), why));
}

struct Discard {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct Close {
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};
using Archive = std::unique_ptr<zip_t, Discard>;

Archive open_archive(const fs::path& path) {
  if (!fs::is_regular_file(path))
    throw Error(ErrorCode::kMissing, fmt::format("there is no {}", path.string()));
  int code = 0;
  Archive archive(zip_open(path.c_str(), ZIP_RDONLY | ZIP_CHECKCONS, &code));
  if (archive) return archive;
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  const std::string text = zip_error_strerror(&error);
  zip_error_fini(&error);
  fail(code == ZIP_ER_OPEN ? ErrorCode::kMissing : ErrorCode::kCorrupt, path,
       fmt::format("can't be read as a ZIP archive ({}); copy it again", text));
}

// Relative, below its folder, on any system: no "..", no root, no drive, no backslash.
bool leads_below(std::string_view name) {
  if (name.empty() || name.front() == '/' || name.find_first_of(":\\") != std::string_view::npos)
    return false;
  const fs::path path(name);
  for (const fs::path& part : path) {
    if (part == "..") return false;
  }
  return true;
}

// One of the archive's files; directories are none.
struct Entry {
  zip_uint64_t index = 0;
  std::string name;
  std::int64_t bytes = 0;
};

std::vector<Entry> wanted_entries(zip_t& archive, const fs::path& path,
                                  const std::function<bool(std::string_view)>& wanted) {
  std::vector<Entry> entries;
  const zip_int64_t count = zip_get_num_entries(&archive, 0);
  for (zip_uint64_t index = 0; index < static_cast<zip_uint64_t>(count); ++index) {
    zip_stat_t stat;
    if (zip_stat_index(&archive, index, 0, &stat) != 0 || (stat.valid & ZIP_STAT_NAME) == 0 ||
        (stat.valid & ZIP_STAT_SIZE) == 0) {
      fail(ErrorCode::kCorrupt, path, fmt::format("is damaged: its entry {} can't be read", index));
    }
    const std::string name = stat.name;
    if (name.ends_with('/') || !wanted(name)) continue;
    if (!leads_below(name)) {
      fail(ErrorCode::kInvalidInput, path,
           fmt::format("holds a file whose name leads out of its folder ({}); nothing was unpacked", name));
    }
    entries.push_back({index, name, static_cast<std::int64_t>(std::min<zip_uint64_t>(stat.size, INT64_MAX))});
  }
  return entries;
}

void check_limits(const std::vector<Entry>& entries, const fs::path& path, const UnpackLimits& limits) {
  double bytes = 0;
  for (const Entry& entry : entries) bytes += static_cast<double>(entry.bytes);
  if (std::ssize(entries) > limits.files || bytes > static_cast<double>(limits.bytes)) {
    fail(ErrorCode::kInvalidInput, path,
         fmt::format(
             "unpacks to {} files of {:.1f} GiB, at most {} of {:.1f} GiB are taken; unpack it by hand",
             entries.size(), bytes / (1 << 30), limits.files, static_cast<double>(limits.bytes) / (1 << 30)));
  }
}

void unpack_entry(zip_t& archive, const Entry& entry, const fs::path& path, const fs::path& target) {
  const std::unique_ptr<zip_file_t, Close> file(zip_fopen_index(&archive, entry.index, 0));
  if (!file) {
    const zip_error_t* error = zip_get_error(&archive);
    const int code = zip_error_code_zip(error);
    const bool unsupported =
        code == ZIP_ER_COMPNOTSUPP || code == ZIP_ER_ENCRNOTSUPP || code == ZIP_ER_NOPASSWD;
    fail(unsupported ? ErrorCode::kUnsupported : ErrorCode::kCorrupt, path,
         fmt::format("can't be unpacked: {} is encrypted, compressed in an unknown way or damaged ({})",
                     entry.name, zip_error_strerror(zip_get_error(&archive))));
  }
  make_folder(target.parent_path());
  if (fs::exists(target)) fail(ErrorCode::kCorrupt, path, fmt::format("holds {} twice", entry.name));
  std::ofstream out(target, std::ios::binary);
  std::vector<char> piece(std::size_t{1} << 16);
  std::int64_t written = 0;
  for (zip_int64_t got = 0; (got = zip_fread(file.get(), piece.data(), piece.size())) != 0; written += got) {
    if (got < 0 || written > entry.bytes) break;  // damaged, or longer than it says
    out.write(piece.data(), static_cast<std::streamsize>(got));
  }
  out.close();
  if (!out)
    throw Error(ErrorCode::kExhausted, fmt::format("can't write {}: is the disk full?", target.string()));
  const bool failed = zip_error_code_zip(zip_file_get_error(file.get())) != ZIP_ER_OK;
  if (failed || written != entry.bytes) {
    fail(ErrorCode::kCorrupt, path,
         fmt::format("is damaged: {} does not unpack to the {} bytes and the checksum that it states",
                     entry.name, entry.bytes));
  }
}

}  // namespace

std::int64_t unpack_zip(const fs::path& archive, const fs::path& folder,
                        const std::function<bool(std::string_view)>& wanted, const UnpackLimits& limits) {
  const Archive opened = open_archive(archive);
  const std::vector<Entry> entries = wanted_entries(*opened, archive, wanted);
  check_limits(entries, archive, limits);
  for (const Entry& entry : entries) unpack_entry(*opened, entry, archive, folder / entry.name);
  return std::ssize(entries);
}

}  // namespace hepar
