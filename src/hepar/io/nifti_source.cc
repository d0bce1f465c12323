// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "hepar/core/error.h"
#include "hepar/io/image_source.h"
#include "hepar/io/nifti_header.h"

namespace hepar::io {
namespace {
namespace fs = std::filesystem;

constexpr std::size_t kVoxelsPerPiece = 1 << 15;

// Reads plain and gzip files alike; zlib tells them apart by their first bytes. A gzip checksum is verified.
class GzipFile {
 public:
  explicit GzipFile(const fs::path& path) : path_(path), file_(::gzopen(path.c_str(), "rb")) {
    if (file_ == nullptr) {
      throw Error(ErrorCode::kMissing, fmt::format("can't read {}: {}", path.string(), std::strerror(errno)));
    }
    ::gzbuffer(file_, 1 << 18);
  }
  ~GzipFile() { ::gzclose_r(file_); }
  GzipFile(const GzipFile&) = delete;
  GzipFile& operator=(const GzipFile&) = delete;

  bool compressed() const { return ::gzdirect(file_) == 0; }

  // Fills `bytes` as far as the file goes.
  std::size_t read(std::span<std::byte> bytes) {
    const int count = ::gzread(file_, bytes.data(), static_cast<unsigned>(bytes.size()));
    if (count < 0) fail_decompressing();
    return static_cast<std::size_t>(count);
  }
  // zlib compares the checksum only when it meets the end of the compressed data.
  void verify_end() {
    std::byte next;
    read({&next, 1});
    int status = Z_OK;
    ::gzerror(file_, &status);
    if (status != Z_OK && status != Z_STREAM_END) fail_decompressing();
  }

 private:
  [[noreturn]] void fail_decompressing() const {
    throw Error(ErrorCode::kCorrupt,
                fmt::format("{} is damaged or truncated: its compressed data or checksum is wrong; "
                            "copy or download it again",
                            path_.string()));
  }
  fs::path path_;
  ::gzFile file_;
};

class NiftiSource : public ImageSource {
 public:
  explicit NiftiSource(const fs::path& path) : path_(path), file_(path) {
    std::array<std::byte, kNiftiHeaderBytes> bytes;
    const std::size_t count = file_.read(bytes);
    if (count < bytes.size()) {
      throw Error(ErrorCode::kCorrupt,
                  fmt::format("{} is not a NIfTI file: it ends after {} bytes, its header alone has {}",
                              path.string(), count, bytes.size()));
    }
    header_ = parse_nifti_header(bytes, path);
    const std::int64_t voxel_bytes = header_.image.size.count() * header_.image.bytes_per_voxel;
    check_claimed_size(path, header_.voxel_offset + voxel_bytes, file_.compressed());
  }

  const ImageHeader& header() const override { return header_.image; }

  void read(const VoxelSink& sink) override {
    skip(header_.voxel_offset - static_cast<std::int64_t>(kNiftiHeaderBytes));
    const std::size_t width = size_of(header_.number_type);
    std::vector<std::byte> raw(kVoxelsPerPiece * width);
    std::vector<double> values(kVoxelsPerPiece);
    const auto total = static_cast<std::size_t>(header_.image.size.count());
    for (std::size_t done = 0; done < total;) {
      const std::size_t count = std::min(kVoxelsPerPiece, total - done);
      fill(std::span(raw).first(count * width), done * width);
      if (header_.swapped) swap_bytes(raw, width);
      to_double(header_.number_type, raw.data(), std::span(values).first(count));
      if (header_.slope != 1 || header_.intercept != 0) {
        for (double& value : values) value = value * header_.slope + header_.intercept;
      }
      sink(std::span(values).first(count));
      done += count;
    }
    file_.verify_end();
  }

 private:
  void fill(std::span<std::byte> bytes, std::size_t done) {
    const std::size_t count = file_.read(bytes);
    if (count == bytes.size()) return;
    const std::int64_t wanted = header_.image.size.count() * header_.image.bytes_per_voxel;
    throw Error(ErrorCode::kCorrupt,
                fmt::format("{} is truncated: it holds {} of the {} bytes of voxels that its header "
                            "states; copy or download it again",
                            path_.string(), done + count, wanted));
  }
  void skip(std::int64_t count) {
    std::array<std::byte, 4096> ignored;
    while (count > 0) {
      const auto piece = static_cast<std::size_t>(std::min<std::int64_t>(count, ignored.size()));
      fill(std::span(ignored).first(piece), 0);
      count -= static_cast<std::int64_t>(piece);
    }
  }
  static void swap_bytes(std::span<std::byte> bytes, std::size_t width) {
    for (std::size_t n = 0; n < bytes.size(); n += width) {
      std::reverse(bytes.begin() + static_cast<std::ptrdiff_t>(n),
                   bytes.begin() + static_cast<std::ptrdiff_t>(n + width));
    }
  }

  fs::path path_;
  GzipFile file_;
  NiftiHeader header_;
};

}  // namespace

std::unique_ptr<ImageSource> open_nifti(const fs::path& path) { return std::make_unique<NiftiSource>(path); }

}  // namespace hepar::io
