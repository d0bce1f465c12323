// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/probability_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "hepar/core/error.h"
#include "hepar/io/npz_writer.h"

namespace hepar {
namespace {

// A mapped file of zeros whose blocks are taken at once: a full disk shows here, not as a signal later.
std::span<float> map_new_file(const std::filesystem::path& path, std::size_t count) {
  const auto bytes = count * sizeof(float);
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  const int fault = file < 0 ? errno : ::posix_fallocate(file, 0, static_cast<off_t>(bytes));
  void* data = fault != 0 ? MAP_FAILED : ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (file >= 0) ::close(file);
  if (data == MAP_FAILED) {
    ::unlink(path.c_str());
    throw Error(
        ErrorCode::kExhausted,
        fmt::format("no room for {:.1f} GB of probabilities in {}: {}", static_cast<double>(bytes) / 1e9,
                    path.parent_path().string(), std::strerror(fault != 0 ? fault : errno)));
  }
  return {static_cast<float*>(data), count};
}

}  // namespace

ProbabilityFile::ProbabilityFile(const std::filesystem::path& folder, std::int64_t heads, const Kernel3& size,
                                 const std::array<std::size_t, 3>& transpose_forward)
    : scratch_(folder / ".probabilities"), heads_(heads), size_(size) {
  for (std::size_t axis = 0; axis < 3; ++axis) array_size_[transpose_forward[axis]] = size[axis];
  const Kernel3 strides{array_size_[1] * array_size_[2], array_size_[2], 1};
  for (std::size_t axis = 0; axis < 3; ++axis) array_stride_[axis] = strides[transpose_forward[axis]];
  values_ = map_new_file(scratch_, static_cast<std::size_t>(heads * size[0] * size[1] * size[2]));
}

ProbabilityFile::~ProbabilityFile() {
  ::munmap(values_.data(), values_.size_bytes());
  ::unlink(scratch_.c_str());
}

void ProbabilityFile::set_plane(std::int64_t d, std::span<const float> probabilities) {
  HEPAR_EXPECT(static_cast<std::int64_t>(probabilities.size()) == heads_ * size_[1] * size_[2],
               fmt::format("{} values in a plane", probabilities.size()));
  const float* from = probabilities.data();
  for (std::int64_t head = 0; head < heads_; ++head) {
    for (std::int64_t h = 0; h < size_[1]; ++h) {
      float* to = values_.data() + head * size_[0] * size_[1] * size_[2] + d * array_stride_[0] +
                  h * array_stride_[1];
      for (std::int64_t w = 0; w < size_[2]; ++w) to[w * array_stride_[2]] = *from++;
    }
  }
}

void ProbabilityFile::write_npz(const std::filesystem::path& path) const {
  const std::int64_t shape[] = {heads_, array_size_[0], array_size_[1], array_size_[2]};
  write_probabilities_npz(path, shape, [this](std::int64_t first, std::span<float> values) {
    std::copy_n(values_.begin() + first, values.size(), values.begin());
  });
}

}  // namespace hepar
