// SPDX-License-Identifier: Apache-2.0
#include "hepar/core/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "hepar/core/error.h"

namespace hepar {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void fail_writing(const fs::path& path, int error) {
  const bool full = error == ENOSPC || error == EFBIG || error == EDQUOT;
  throw Error(full ? ErrorCode::kExhausted : ErrorCode::kMissing,
              fmt::format("can't write {}: {}{}", path.string(), std::strerror(error),
                          full ? "; free some space or choose another output folder" : ""));
}

class Descriptor {
 public:
  Descriptor(const fs::path& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0644)) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

}  // namespace

AtomicFile::AtomicFile(fs::path target)
    : target_(std::move(target)),
      temporary_(target_.parent_path() /
                 fmt::format(".part-{}-{}", ::getpid(), target_.filename().string())) {}

AtomicFile::~AtomicFile() {
  std::error_code ignored;
  fs::remove(temporary_, ignored);
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  const Descriptor file(temporary_, O_WRONLY | O_CREAT | O_TRUNC);
  if (file.get() < 0) fail_writing(target_, errno);
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail_writing(target_, errno);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

void AtomicFile::commit() {
  {
    const Descriptor file(temporary_, O_RDONLY);
    if (file.get() < 0 || ::fsync(file.get()) != 0) fail_writing(target_, errno);
  }
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) fail_writing(target_, errno);
  const fs::path folder = target_.has_parent_path() ? target_.parent_path() : fs::path(".");
  const Descriptor directory(folder, O_RDONLY | O_DIRECTORY);
  if (directory.get() >= 0) ::fsync(directory.get());
}

void write_text_file(const fs::path& path, std::string_view text) {
  AtomicFile file(path);
  file.write(std::as_bytes(std::span(text.data(), text.size())));
  file.commit();
}

std::string read_text_file(const fs::path& path, std::size_t limit_bytes) {
  std::ifstream stream(path, std::ios::binary);
  std::error_code error;
  const auto size = fs::file_size(path, error);
  if (!stream || error)
    throw Error(ErrorCode::kMissing,
                fmt::format("can't read {}: {}", path.string(), error ? error.message() : "no permission"));
  if (size > limit_bytes) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("{} has {} bytes; at most {} are expected of such a file", path.string(), size,
                            limit_bytes));
  }
  std::string text(size, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(size));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  return text;
}

void make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error || !fs::is_directory(folder)) {
    throw Error(ErrorCode::kMissing, fmt::format("can't make the folder {}: {}", folder.string(),
                                                 error ? error.message() : "a file of that name exists"));
  }
}

std::string last_name(const fs::path& path) {
  const fs::path absolute = fs::absolute(path).lexically_normal();
  return (absolute.has_filename() ? absolute : absolute.parent_path()).filename().string();
}

}  // namespace hepar
