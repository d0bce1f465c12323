// SPDX-License-Identifier: Apache-2.0
#include "hepar/io/nifti_writer.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/io/suffix.h"

namespace hepar::io {
namespace {
namespace fs = std::filesystem;

constexpr std::size_t kVoxelOffset = 352;  // header and four bytes that say "no extension"
using Bytes = std::vector<std::byte>;

struct Quaternion {
  double a, b, c, d;
};

// The rotation as a unit quaternion, by its largest component. Source: S. W. Shepperd, J. Guidance and
// Control 1(3):223, 1978.
Quaternion quaternion_of(const Mat3& r) {
  const auto& m = r.at;
  const double squares[4] = {1 + m[0][0] + m[1][1] + m[2][2], 1 + m[0][0] - m[1][1] - m[2][2],
                             1 - m[0][0] + m[1][1] - m[2][2],
                             1 - m[0][0] - m[1][1] + m[2][2]};  // 4 a^2 .. 4 d^2
  const auto largest = std::max_element(std::begin(squares), std::end(squares)) - std::begin(squares);
  const double twice = std::sqrt(squares[largest]), factor = 0.5 / twice;
  const double x = factor * (m[2][1] - m[1][2]), y = factor * (m[0][2] - m[2][0]),
               z = factor * (m[1][0] - m[0][1]);
  const double xy = factor * (m[0][1] + m[1][0]), xz = factor * (m[0][2] + m[2][0]),
               yz = factor * (m[1][2] + m[2][1]);
  Quaternion q{twice / 2, x, y, z};
  if (largest == 1) q = {x, twice / 2, xy, xz};
  if (largest == 2) q = {y, xy, twice / 2, yz};
  if (largest == 3) q = {z, xz, yz, twice / 2};
  if (q.a < 0) q = {-q.a, -q.b, -q.c, -q.d};  // NIfTI leaves a out and takes it as positive
  return q;
}

class Header {
 public:
  template <class T>
  void set(std::size_t offset, T value) {
    std::memcpy(bytes_.data() + offset, &value, sizeof(T));
  }
  void set_real(std::size_t offset, int n, double value) {
    set(offset + 4 * static_cast<std::size_t>(n), static_cast<float>(value));
  }
  const std::array<std::byte, kVoxelOffset>& bytes() const { return bytes_; }

 private:
  std::array<std::byte, kVoxelOffset> bytes_{};
};

std::int16_t nifti_code(NumberType type) {
  switch (type) {
    case NumberType::kUint8:
      return 2;
    case NumberType::kInt16:
      return 4;
    case NumberType::kFloat32:
      return 16;
    case NumberType::kUint16:
      return 512;
    default:
      HEPAR_EXPECT(false, "a number type that Hepar does not write");
  }
}

void set_orientation(Header& header, const Geometry& geometry) {
  const Mat3 ras_from_lps{{{{-1, 0, 0}, {0, -1, 0}, {0, 0, 1}}}};
  Mat3 rotation = ras_from_lps * geometry.direction;
  const Vec3 origin = ras_from_lps * geometry.origin_mm;
  for (int row = 0; row < 3; ++row) {
    for (int axis = 0; axis < 3; ++axis) {
      header.set_real(280, 4 * row + axis, rotation.at[row][axis] * geometry.spacing_mm[axis]);  // srow
    }
    header.set_real(280, 4 * row + 3, origin[row]);
    header.set_real(268, row, origin[row]);  // qoffset
  }
  const double handedness = rotation.determinant() < 0 ? -1 : 1;
  rotation.set_column(2, handedness * rotation.column(2));
  const Quaternion q = quaternion_of(rotation);
  header.set_real(256, 0, q.b), header.set_real(256, 1, q.c), header.set_real(256, 2, q.d);
  header.set_real(76, 0, handedness);  // pixdim[0]
  header.set(252, std::int16_t{1});    // qform_code: scanner
  header.set(254, std::int16_t{1});    // sform_code: scanner
}

// Offsets as in nifti1.h.
Header make_header(const Geometry& geometry, NumberType type) {
  Header header;
  header.set(0, std::int32_t{348});
  header.set(40, std::int16_t{3});
  for (std::size_t n = 0; n < 7; ++n) {
    const std::int64_t extent = n < 3 ? geometry.size[static_cast<int>(n)] : 1;
    header.set(42 + 2 * n, static_cast<std::int16_t>(extent));
  }
  header.set(70, nifti_code(type));
  header.set(72, static_cast<std::int16_t>(8 * size_of(type)));
  for (int axis = 0; axis < 3; ++axis) header.set_real(76, 1 + axis, geometry.spacing_mm[axis]);
  header.set(108, static_cast<float>(kVoxelOffset));
  header.set(112, 1.0F);             // scl_slope
  header.set(123, std::uint8_t{2});  // millimetres
  header.set(344, std::array<char, 4>{'n', '+', '1', '\0'});
  set_orientation(header, geometry);
  return header;
}

// One gzip member without time or name, so that the same input gives the same bytes.
class Gzip {
 public:
  Gzip() {
    constexpr int kGzip = 15 + 16;  // window bits, plus 16 for a gzip header (zlib.h)
    if (::deflateInit2(&stream_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzip, 9, Z_DEFAULT_STRATEGY) != Z_OK) {
      throw std::bad_alloc();
    }
  }
  ~Gzip() { ::deflateEnd(&stream_); }
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;

  void add(std::span<const std::byte> bytes, bool last) {
    constexpr std::size_t kPiece = std::size_t{1} << 30;  // zlib counts in 32 bits
    do {
      const auto piece = bytes.first(std::min(kPiece, bytes.size()));
      bytes = bytes.subspan(piece.size());
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(piece.data()));
      stream_.avail_in = static_cast<uInt>(piece.size());
      drain(last && bytes.empty() ? Z_FINISH : Z_NO_FLUSH);
    } while (!bytes.empty());
  }
  const Bytes& result() const { return result_; }

 private:
  void drain(int flush) {
    std::array<std::byte, 1 << 16> buffer;
    do {
      stream_.next_out = reinterpret_cast<Bytef*>(buffer.data());
      stream_.avail_out = static_cast<uInt>(buffer.size());
      ::deflate(&stream_, flush);
      const auto count = static_cast<std::ptrdiff_t>(buffer.size() - stream_.avail_out);
      result_.insert(result_.end(), buffer.begin(), buffer.begin() + count);
    } while (stream_.avail_out == 0);
  }
  z_stream stream_{};
  Bytes result_;
};

}  // namespace

void write_nifti(const fs::path& path, const Geometry& geometry, NumberType type,
                 std::span<const std::byte> voxels) {
  const std::string suffix = image_suffix(path);
  if (suffix != ".nii" && suffix != ".nii.gz") {
    throw Error(ErrorCode::kUnsupported,
                fmt::format("can't write {}: its name must end in .nii or .nii.gz", path.string()));
  }
  for (int axis = 0; axis < 3; ++axis) {
    if (geometry.size[axis] > std::numeric_limits<std::int16_t>::max()) {
      throw Error(ErrorCode::kUnsupported,
                  fmt::format("can't write {}: NIfTI-1 holds at most 32767 voxels along an axis, "
                              "here are {}",
                              path.string(), geometry.size[axis]));
    }
  }
  AtomicFile file(path);
  const Header header = make_header(geometry, type);
  if (suffix == ".nii.gz") {
    Gzip gzip;
    gzip.add(header.bytes(), false);
    gzip.add(voxels, true);
    file.write(gzip.result());
  } else {
    Bytes whole(header.bytes().begin(), header.bytes().end());
    whole.insert(whole.end(), voxels.begin(), voxels.end());
    file.write(whole);
  }
  file.commit();
}

}  // namespace hepar::io
