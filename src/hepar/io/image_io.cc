// SPDX-License-Identifier: Apache-2.0
#include "hepar/io/image_io.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>
#include <new>

#include "hepar/core/error.h"
#include "hepar/io/image_source.h"
#include "hepar/io/nifti_writer.h"
#include "hepar/io/orientation.h"
#include "hepar/io/suffix.h"

namespace hepar {
namespace fs = std::filesystem;

namespace io {

std::string image_suffix(const fs::path& path) {
  std::string name = path.filename().string();
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const char* suffix : {".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd"}) {
    if (name.ends_with(suffix)) return suffix;
  }
  return "";
}

void check_claimed_size(const fs::path& path, std::int64_t claimed_bytes, bool compressed) {
  // Deflate packs at most 1032:1 (zlib.net, "zlib Technical Details").
  const double most = static_cast<double>(fs::file_size(path)) * (compressed ? 1032 : 1);
  if (static_cast<double>(claimed_bytes) <= most) return;
  throw Error(
      ErrorCode::kCorrupt,
      fmt::format(
          "{} is truncated: its header states {} bytes and the file has {}; copy or download it again",
          path.string(), claimed_bytes, fs::file_size(path)));
}

}  // namespace io

namespace {

std::unique_ptr<io::ImageSource> open_image(const fs::path& path) {
  const auto fail = [&path](ErrorCode code, std::string_view why) {
    throw Error(code, fmt::format("can't read {}: {}", path.string(), why));
  };
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) fail(ErrorCode::kMissing, "no such file");
  if (fs::is_directory(status))
    fail(ErrorCode::kInvalidInput, "it is a folder, an image file is needed here");
  if (!fs::is_regular_file(status)) fail(ErrorCode::kInvalidInput, "it is not an ordinary file");
  const std::string suffix = io::image_suffix(path);
  if (suffix.empty()) {
    fail(ErrorCode::kUnsupported,
         "its name ends in none of .nii .nii.gz .nrrd .nhdr .mha .mhd (a DICOM series is given as its "
         "folder)");
  }
  if (::access(path.c_str(), R_OK) != 0) fail(ErrorCode::kMissing, "no permission");
  if (fs::file_size(path) == 0) fail(ErrorCode::kCorrupt, "it is empty");
  return suffix.starts_with(".nii") ? io::open_nifti(path) : io::open_itk(path);
}

// Refuses what this machine could not hold, before any memory is asked for.
void check_memory(const fs::path& path, Int3 size, std::int64_t bytes_per_voxel) {
  const double machine_bytes =
      static_cast<double>(::sysconf(_SC_PHYS_PAGES)) * static_cast<double>(::sysconf(_SC_PAGESIZE));
  const Vec3 extent = to_vec(size);
  const double needed_bytes = extent.x * extent.y * extent.z * static_cast<double>(bytes_per_voxel);
  if (needed_bytes <= machine_bytes) return;
  throw Error(
      ErrorCode::kExhausted,
      fmt::format("{} has {} x {} x {} voxels, which take {:.1f} GB; this machine has {:.1f} GB of memory",
                  path.string(), size.i, size.j, size.k, needed_bytes / 1e9, machine_bytes / 1e9));
}

// Reads a file into a Volume<T>; `store(offset, value)` gives the voxel or throws.
template <class T, class Store>
Volume<T> read_volume(const fs::path& path, const ReadOptions& options, std::vector<std::string>& notes,
                      Store store) {
  const auto source = open_image(path);
  const Geometry geometry = io::usable_geometry(source->header(), options, path);
  notes = source->header().notes;
  if (auto note = io::snapping_note(source->header())) notes.push_back(std::move(*note));
  check_memory(path, geometry.size, source->header().bytes_per_voxel + static_cast<std::int64_t>(sizeof(T)));
  try {
    Volume<T> volume(geometry);
    T* voxel = volume.voxels().data();
    source->read([&](std::span<const double> values) {
      for (const double value : values) {
        *voxel = store(voxel - volume.voxels().data(), value);
        ++voxel;
      }
    });
    return volume;
  } catch (const std::bad_alloc&) {
    throw Error(ErrorCode::kExhausted, fmt::format("not enough memory to read {}", path.string()));
  }
}

constexpr float kAirHu = -1024;  // lowest value of a 12-bit CT

}  // namespace

bool is_image_file_name(const fs::path& path) { return !io::image_suffix(path).empty(); }

CtImage read_ct(const fs::path& path, const ReadOptions& options) {
  CtImage image;
  std::int64_t not_finite = 0;
  image.voxels = read_volume<float>(path, options, image.notes, [&not_finite](std::ptrdiff_t, double value) {
    const auto hu = static_cast<float>(value);
    if (std::isfinite(hu)) return hu;
    ++not_finite;
    return kAirHu;
  });
  if (not_finite > 0 && options.refuse_not_finite) {
    throw Error(
        ErrorCode::kInvalidInput,
        fmt::format("{} has {} voxels that are not numbers (NaN or infinite); replace them, by -1024 HU "
                    "where there is no patient",
                    path.string(), not_finite));
  }
  if (not_finite > 0) {
    image.notes.push_back(fmt::format("{} voxels are not numbers (NaN or infinite); they are read as {} HU.",
                                      not_finite, kAirHu));
  }
  return image;
}

LabelImage read_labels(const fs::path& path, const ReadOptions& options) {
  LabelImage image;
  image.voxels =
      read_volume<std::uint8_t>(path, options, image.notes, [&path](std::ptrdiff_t offset, double value) {
        if (value >= 0 && value <= 255 && value == std::floor(value)) return static_cast<std::uint8_t>(value);
        throw Error(ErrorCode::kInvalidInput,
                    fmt::format("{} is not a label map: voxel {} has the value {}, labels are whole "
                                "numbers from 0 to 255",
                                path.string(), offset, value));
      });
  return image;
}

void write_labels(const fs::path& path, const LabelMap& labels) {
  io::write_nifti(path, labels.geometry(), io::NumberType::kUint8, std::as_bytes(labels.voxels()));
}

void write_labels(const fs::path& path, const WideLabelMap& labels) {
  const auto voxels = labels.voxels();
  if (std::any_of(voxels.begin(), voxels.end(), [](std::uint16_t label) { return label >= 255; }))
    return io::write_nifti(path, labels.geometry(), io::NumberType::kUint16, std::as_bytes(voxels));
  const std::vector<std::uint8_t> narrow(voxels.begin(), voxels.end());
  io::write_nifti(path, labels.geometry(), io::NumberType::kUint8, std::as_bytes(std::span(narrow)));
}

void write_ct(const fs::path& path, const CtVolume& ct) {
  using Int16 = std::numeric_limits<std::int16_t>;
  bool fits = true;
  for (const float hu : ct.voxels())
    fits = fits && hu == std::floor(hu) && hu >= Int16::min() && hu <= Int16::max();
  if (!fits)
    return io::write_nifti(path, ct.geometry(), io::NumberType::kFloat32, std::as_bytes(ct.voxels()));
  const std::vector<std::int16_t> whole(ct.voxels().begin(), ct.voxels().end());
  io::write_nifti(path, ct.geometry(), io::NumberType::kInt16, std::as_bytes(std::span(whole)));
}

}  // namespace hepar
