// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <itkMetaImageIO.h>
#include <itkNrrdImageIO.h>

#include <algorithm>
#include <iostream>
#include <mutex>
#include <utility>

#include "hepar/core/error.h"
#include "hepar/io/image_source.h"
#include "hepar/io/number_type.h"
#include "hepar/io/stored_voxels.h"
#include "hepar/io/suffix.h"

namespace hepar::io {
namespace {
namespace fs = std::filesystem;

// MetaIO tells std::cerr what went wrong, ITK warns there; the library must not print. Streams are global,
// so one caller at a time.
class QuietItk {
 public:
  QuietItk() : lock_(mutex()), cerr_(std::cerr.rdbuf(nullptr)), cout_(std::cout.rdbuf(nullptr)) {
    itk::Object::SetGlobalWarningDisplay(false);
  }
  ~QuietItk() {
    std::cerr.rdbuf(cerr_);
    std::cout.rdbuf(cout_);
  }
  QuietItk(const QuietItk&) = delete;
  QuietItk& operator=(const QuietItk&) = delete;

 private:
  static std::mutex& mutex() {
    static std::mutex instance;
    return instance;
  }
  std::lock_guard<std::mutex> lock_;
  std::streambuf* cerr_;
  std::streambuf* cout_;
};

constexpr std::pair<NumberType, itk::IOComponentEnum> kComponents[] = {
    {NumberType::kInt8, itk::IOComponentEnum::CHAR},
    {NumberType::kUint8, itk::IOComponentEnum::UCHAR},
    {NumberType::kInt16, itk::IOComponentEnum::SHORT},
    {NumberType::kUint16, itk::IOComponentEnum::USHORT},
    {NumberType::kInt32, itk::IOComponentEnum::INT},
    {NumberType::kUint32, itk::IOComponentEnum::UINT},
    {NumberType::kInt64, itk::IOComponentEnum::LONGLONG},
    {NumberType::kUint64, itk::IOComponentEnum::ULONGLONG},
    {NumberType::kInt64, itk::IOComponentEnum::LONG},
    {NumberType::kUint64, itk::IOComponentEnum::ULONG},
    {NumberType::kFloat32, itk::IOComponentEnum::FLOAT},
    {NumberType::kFloat64, itk::IOComponentEnum::DOUBLE},
};
static_assert(sizeof(long) == 8 && sizeof(int) == 4, "the table above needs a 64-bit Unix");

itk::ImageIOBase::Pointer make_image_io(const fs::path& path) {
  const std::string suffix = image_suffix(path);
  if (suffix == ".nrrd" || suffix == ".nhdr") return itk::NrrdImageIO::New().GetPointer();
  return itk::MetaImageIO::New().GetPointer();
}

itk::ImageIORegion whole_region(const itk::ImageIOBase& image_io) {
  itk::ImageIORegion region(image_io.GetNumberOfDimensions());
  for (unsigned axis = 0; axis < image_io.GetNumberOfDimensions(); ++axis) {
    region.SetIndex(axis, 0);
    region.SetSize(axis, image_io.GetDimensions(axis));
  }
  return region;
}

class ItkSource : public ImageSource {
 public:
  explicit ItkSource(const fs::path& path) : path_(path), image_io_(make_image_io(path)) {
    require_voxel_file(path);
    const QuietItk quiet;
    try {
      image_io_->SetFileName(path.string());
      image_io_->ReadImageInformation();
    } catch (const itk::ExceptionObject&) {
      throw Error(ErrorCode::kCorrupt,
                  fmt::format("{} is not a readable {} file: its header is damaged or of another "
                              "format",
                              path.string(), image_suffix(path)));
    }
    check_kind();
    take_grid();
    const std::string suffix = image_suffix(path);
    if (suffix == ".nrrd" || suffix == ".mha") {  // the others keep their voxels in another file
      check_claimed_size(path, header_.size.count() * header_.bytes_per_voxel, true);
    }
  }

  const ImageHeader& header() const override { return header_; }

  void read(const VoxelSink& sink) override {
    const auto total = static_cast<std::size_t>(header_.size.count());
    const std::size_t width = size_of(type_);
    verify_stored_voxels(path_, static_cast<std::int64_t>(total * width));
    const auto raw = std::make_unique_for_overwrite<std::byte[]>(total * width);
    read_native(raw.get());
    std::vector<double> values(1 << 15);
    for (std::size_t done = 0; done < total;) {
      const std::size_t count = std::min(values.size(), total - done);
      to_double(type_, raw.get() + done * width, std::span(values).first(count));
      sink(std::span(values).first(count));
      done += count;
    }
  }

 private:
  void check_kind() {
    const auto fail = [this](std::string_view why) {
      throw Error(ErrorCode::kUnsupported, fmt::format("{} {}", path_.string(), why));
    };
    const unsigned dimensions = image_io_->GetNumberOfDimensions();
    if (dimensions < 3) fail(fmt::format("is an image of {} dimensions; 3 are needed", dimensions));
    for (unsigned axis = 3; axis < dimensions; ++axis) {
      if (image_io_->GetDimensions(axis) != 1) fail("holds several volumes; extract one 3-D volume first");
    }
    if (image_io_->GetNumberOfComponents() != 1) {
      fail(fmt::format("has {} numbers per voxel; a CT or label map has one",
                       image_io_->GetNumberOfComponents()));
    }
    const auto* found =
        std::find_if(std::begin(kComponents), std::end(kComponents),
                     [this](const auto& entry) { return entry.second == image_io_->GetComponentType(); });
    if (found == std::end(kComponents)) fail("holds voxels of a type that Hepar does not read");
    type_ = found->first;
  }
  void take_grid() {
    for (unsigned axis = 0; axis < 3; ++axis) {
      const int a = static_cast<int>(axis);
      header_.size[a] = static_cast<std::int64_t>(image_io_->GetDimensions(axis));
      header_.spacing_mm[a] = image_io_->GetSpacing(axis);
      header_.origin_mm[a] = image_io_->GetOrigin(axis);
      const std::vector<double> direction = image_io_->GetDirection(axis);
      const Vec3 column{direction.at(0), direction.at(1), direction.at(2)};
      header_.axes.set_column(a, column);
    }
    header_.bytes_per_voxel = static_cast<std::int64_t>(size_of(type_));
  }
  void read_native(std::byte* raw) {
    const QuietItk quiet;
    try {
      image_io_->SetIORegion(whole_region(*image_io_));
      image_io_->Read(raw);
    } catch (const itk::ExceptionObject&) {
      throw Error(ErrorCode::kCorrupt,
                  fmt::format("{} is damaged or truncated: its voxels can't all be read; copy or "
                              "download it again",
                              path_.string()));
    }
  }

  fs::path path_;
  itk::ImageIOBase::Pointer image_io_;
  NumberType type_ = NumberType::kInt16;
  ImageHeader header_;
};

}  // namespace

std::unique_ptr<ImageSource> open_itk(const fs::path& path) { return std::make_unique<ItkSource>(path); }

}  // namespace hepar::io
