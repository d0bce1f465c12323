// SPDX-License-Identifier: Apache-2.0
#include "hepar/io/nifti_header.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string_view>

#include "hepar/core/error.h"

namespace hepar::io {
namespace {
namespace fs = std::filesystem;

class Fields {
 public:
  Fields(const std::array<std::byte, kNiftiHeaderBytes>& bytes, bool swapped)
      : bytes_(bytes), swapped_(swapped) {}

  template <class T>
  T at(std::size_t offset) const {
    std::array<std::byte, sizeof(T)> raw;
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(offset), sizeof(T), raw.begin());
    if (swapped_) std::reverse(raw.begin(), raw.end());
    T value;
    std::memcpy(&value, raw.data(), sizeof(T));
    return value;
  }
  std::int64_t whole(std::size_t offset, int n = 0) const {
    return at<std::int16_t>(offset + 2 * static_cast<std::size_t>(n));
  }
  double real(std::size_t offset, int n = 0) const {
    return at<float>(offset + 4 * static_cast<std::size_t>(n));
  }

 private:
  const std::array<std::byte, kNiftiHeaderBytes>& bytes_;
  bool swapped_;
};

constexpr std::size_t kDim = 40, kDataType = 70, kPixdim = 76, kVoxOffset = 108, kSlope = 112,
                      kIntercept = 116, kUnits = 123, kQformCode = 252, kSformCode = 254, kQuaternion = 256,
                      kQoffset = 268, kSrow = 280, kMagic = 344;

[[noreturn]] void fail(ErrorCode code, const fs::path& path, std::string_view why) {
  throw Error(code, fmt::format("{} {}", path.string(), why));
}

bool detect_swap(const std::array<std::byte, kNiftiHeaderBytes>& bytes, const fs::path& path) {
  for (const bool swapped : {false, true}) {
    const auto header_size = Fields(bytes, swapped).at<std::int32_t>(0);
    if (header_size == 540) {
      fail(ErrorCode::kUnsupported, path, "is NIfTI-2, which Hepar does not read; convert it to NIfTI-1");
    }
    if (header_size == static_cast<std::int32_t>(kNiftiHeaderBytes)) return swapped;
  }
  fail(ErrorCode::kCorrupt, path, "is not a NIfTI file: it does not begin with a NIfTI header");
}

void check_magic(const std::array<std::byte, kNiftiHeaderBytes>& bytes, const fs::path& path) {
  const std::string_view magic(reinterpret_cast<const char*>(bytes.data()) + kMagic, 3);
  if (magic == "ni1")
    fail(ErrorCode::kUnsupported, path, "is one half of a .hdr/.img pair; convert it to .nii");
  if (magic != "n+1") fail(ErrorCode::kCorrupt, path, "is not a NIfTI file: the mark \"n+1\" is missing");
}

NumberType number_type(std::int64_t code, const fs::path& path) {
  switch (code) {
    case 2:
      return NumberType::kUint8;
    case 4:
      return NumberType::kInt16;
    case 8:
      return NumberType::kInt32;
    case 16:
      return NumberType::kFloat32;
    case 64:
      return NumberType::kFloat64;
    case 256:
      return NumberType::kInt8;
    case 512:
      return NumberType::kUint16;
    case 768:
      return NumberType::kUint32;
    case 1024:
      return NumberType::kInt64;
    case 1280:
      return NumberType::kUint64;
    case 32:
    case 1792:
    case 2048:
      fail(ErrorCode::kUnsupported, path,
           "holds complex numbers; a CT or label map has one number per voxel");
    case 128:
    case 2304:
      fail(ErrorCode::kUnsupported, path, "holds colours; a CT or label map has one number per voxel");
    default:
      fail(ErrorCode::kUnsupported, path,
           fmt::format("holds voxels of NIfTI type {}, which Hepar does not read", code));
  }
}

Int3 parse_size(const Fields& fields, const fs::path& path) {
  const std::int64_t dimensions = fields.whole(kDim);
  if (dimensions < 1 || dimensions > 7) {
    fail(ErrorCode::kCorrupt, path, fmt::format("is damaged: its header claims {} dimensions", dimensions));
  }
  if (dimensions < 3) {
    fail(ErrorCode::kUnsupported, path,
         fmt::format("is an image of {} dimensions; 3 are needed", dimensions));
  }
  Int3 size;
  for (int n = 1; n <= dimensions; ++n) {
    const std::int64_t extent = fields.whole(kDim, n);
    if (extent < 1) {
      fail(ErrorCode::kCorrupt, path,
           fmt::format("is damaged: its header claims {} voxels along axis {}", extent, n));
    }
    if (n <= 3) {
      size[n - 1] = extent;
    } else if (extent > 1) {
      fail(ErrorCode::kUnsupported, path,
           fmt::format("holds {} volumes (axis {}); extract one 3-D volume first", extent, n));
    }
  }
  return size;
}

// NIfTI's world is RAS, Hepar's LPS: x and y change sign.
Vec3 lps_from_ras(Vec3 ras) { return {0 - ras.x, 0 - ras.y, ras.z}; }

double mm_per_unit(const Fields& fields) {
  switch (fields.at<std::uint8_t>(kUnits) & 7) {
    case 1:
      return 1000;  // metre
    case 3:
      return 0.001;  // micrometre
    default:
      return 1;  // millimetre or not said
  }
}

// "Method 3" of nifti1.h: the affine rows srow_x, srow_y, srow_z.
void take_sform(const Fields& fields, const fs::path& path, ImageHeader& image) {
  const double unit_mm = mm_per_unit(fields);
  for (int axis = 0; axis < 3; ++axis) {
    const Vec3 step = unit_mm * lps_from_ras({fields.real(kSrow, axis), fields.real(kSrow, 4 + axis),
                                              fields.real(kSrow, 8 + axis)});
    const double length_mm = step.norm();
    if (!std::isfinite(length_mm) || length_mm <= 0) {
      fail(ErrorCode::kInvalidInput, path,
           fmt::format("gives no usable direction for its axis {} (sform)", "ijk"[axis]));
    }
    image.axes.set_column(axis, (1 / length_mm) * step);
    // Where the two agree up to float32 rounding, pixdim is the less rounded one and what ITK reports.
    const double pixdim_mm = unit_mm * std::abs(fields.real(kPixdim, 1 + axis));
    const bool agree = std::abs(pixdim_mm - length_mm) <= 1e-5 * length_mm;
    image.spacing_mm[axis] = agree ? pixdim_mm : length_mm;
    if (!agree && pixdim_mm > 0 && std::abs(pixdim_mm - length_mm) > 0.01 * length_mm) {
      image.notes.push_back(
          fmt::format("The header states a {} spacing of {:.4f} mm (pixdim) and {:.4f} mm (sform); "
                      "the latter is used.",
                      "ijk"[axis], pixdim_mm, length_mm));
    }
  }
  image.origin_mm =
      unit_mm * lps_from_ras({fields.real(kSrow, 3), fields.real(kSrow, 7), fields.real(kSrow, 11)});
}

void take_pixdim(const Fields& fields, const fs::path& path, ImageHeader& image) {
  for (int axis = 0; axis < 3; ++axis) {
    const double spacing_mm = mm_per_unit(fields) * fields.real(kPixdim, 1 + axis);
    if (!std::isfinite(spacing_mm) || spacing_mm == 0) {
      fail(ErrorCode::kInvalidInput, path,
           fmt::format("states a {} spacing of {} mm (pixdim); correct its header", "ijk"[axis], spacing_mm));
    }
    if (spacing_mm < 0) {
      image.notes.push_back(
          fmt::format("The header states a negative {} spacing of {:.4f} mm; its size is used.", "ijk"[axis],
                      spacing_mm));
    }
    image.spacing_mm[axis] = std::abs(spacing_mm);
  }
}

// "Method 2" of nifti1.h: a unit quaternion (a, b, c, d) with a >= 0 left out, and pixdim[0] < 0 for a
// left-handed grid.
void take_qform(const Fields& fields, const fs::path& path, ImageHeader& image) {
  take_pixdim(fields, path, image);
  double b = fields.real(kQuaternion, 0), c = fields.real(kQuaternion, 1), d = fields.real(kQuaternion, 2);
  const double square = b * b + c * c + d * d;
  if (!(square <= 1.001)) {
    fail(ErrorCode::kInvalidInput, path,
         fmt::format("has an impossible orientation (qform, norm {:.3g})", square));
  }
  const double a = std::sqrt(std::max(0.0, 1 - square));
  const double scale = 1 / std::sqrt(std::max(1.0, square));
  b *= scale, c *= scale, d *= scale;
  const double handedness = fields.real(kPixdim, 0) < 0 ? -1 : 1;
  image.axes.set_column(
      0, lps_from_ras({a * a + b * b - c * c - d * d, 2 * (b * c + a * d), 2 * (b * d - a * c)}));
  image.axes.set_column(
      1, lps_from_ras({2 * (b * c - a * d), a * a + c * c - b * b - d * d, 2 * (c * d + a * b)}));
  image.axes.set_column(2, handedness * lps_from_ras({2 * (b * d + a * c), 2 * (c * d - a * b),
                                                      a * a + d * d - b * b - c * c}));
  image.origin_mm = mm_per_unit(fields) * lps_from_ras({fields.real(kQoffset, 0), fields.real(kQoffset, 1),
                                                        fields.real(kQoffset, 2)});
}

// "Method 1" of nifti1.h, as ITK reads it: the voxel axes are taken as right, anterior, superior.
void take_no_orientation(const Fields& fields, const fs::path& path, ImageHeader& image) {
  take_pixdim(fields, path, image);
  image.axes = Mat3{{{{-1, 0, 0}, {0, -1, 0}, {0, 0, 1}}}};
  image.notes.emplace_back(
      "The file says nothing about its orientation (qform and sform codes are 0); its axes are "
      "taken to run to the patient's right, front and head.");
}

void take_scaling(const Fields& fields, const fs::path& path, NiftiHeader& header) {
  const double slope = fields.real(kSlope), intercept = fields.real(kIntercept);
  if (slope == 0 || !std::isfinite(slope))
    return;  // nifti1.h: slope 0 means unscaled; NaN is SPM's way to say so
  if (!std::isfinite(intercept)) fail(ErrorCode::kCorrupt, path, "is damaged: its scl_inter is not a number");
  header.slope = slope, header.intercept = intercept;
}

std::int64_t parse_voxel_offset(const Fields& fields, const fs::path& path) {
  const double offset = fields.real(kVoxOffset);
  if (offset == 0) return 352;  // the least that a single file can have
  if (!(offset >= static_cast<double>(kNiftiHeaderBytes) && offset <= 1e9) || offset != std::floor(offset)) {
    fail(ErrorCode::kCorrupt, path,
         fmt::format("is damaged: its voxels are said to begin at byte {}", offset));
  }
  return static_cast<std::int64_t>(offset);
}

}  // namespace

NiftiHeader parse_nifti_header(const std::array<std::byte, kNiftiHeaderBytes>& bytes, const fs::path& path) {
  NiftiHeader header;
  header.swapped = detect_swap(bytes, path);
  check_magic(bytes, path);
  const Fields fields(bytes, header.swapped);
  header.image.size = parse_size(fields, path);
  header.number_type = number_type(fields.whole(kDataType), path);
  header.image.bytes_per_voxel = static_cast<std::int64_t>(size_of(header.number_type));
  header.voxel_offset = parse_voxel_offset(fields, path);
  take_scaling(fields, path, header);
  if (fields.whole(kSformCode) > 0) {
    take_sform(fields, path, header.image);
  } else if (fields.whole(kQformCode) > 0) {
    take_qform(fields, path, header.image);
  } else {
    take_no_orientation(fields, path, header.image);
  }
  return header;
}

}  // namespace hepar::io
