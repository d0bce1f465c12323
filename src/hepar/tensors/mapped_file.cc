// SPDX-License-Identifier: Apache-2.0
#include "hepar/tensors/mapped_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "hepar/core/error.h"

namespace hepar {

MappedFile::MappedFile(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat status {};
  if (fd < 0 || ::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
    const std::string reason = fd < 0 ? std::strerror(errno) : "not a file";
    if (fd >= 0) ::close(fd);
    throw Error(ErrorCode::kMissing, fmt::format("can't read {}: {}", path.string(), reason));
  }
  size_ = static_cast<std::size_t>(status.st_size);
  if (size_ > 0) data_ = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, fd, 0);
  ::close(fd);
  if (data_ == MAP_FAILED) {
    throw Error(ErrorCode::kExhausted, fmt::format("can't map {} into memory", path.string()));
  }
}

MappedFile::~MappedFile() {
  if (size_ > 0) ::munmap(data_, size_);
}

}  // namespace hepar
