// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/dicom_file.h"

#include <dcmtk/config/osconfig.h>
// osconfig.h must come first
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmdata/dcxfer.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "hepar/core/error.h"
#include "hepar/dicom/attributes.h"
#include "hepar/dicom/frame_decoder.h"

namespace hepar::dicom {
namespace {
namespace fs = std::filesystem;

constexpr float kAirHu = -1024;
constexpr std::int64_t kMostPixels = 65535;  // in a row or column: Rows and Columns have 16 bits

[[noreturn]] void fail(ErrorCode code, const fs::path& file, std::string_view why) {
  throw Error(code, fmt::format("{} {}", file.string(), why));
}

std::optional<SlicePlane> plane_of(DcmItem& item) {
  const auto position = numbers(item, DCM_ImagePositionPatient),
             axes = numbers(item, DCM_ImageOrientationPatient);
  const auto spacing = numbers(item, DCM_PixelSpacing);
  SlicePlane plane;
  plane.rows = whole(item, DCM_Rows, 0), plane.columns = whole(item, DCM_Columns, 0);
  if (position.size() != 3 || axes.size() != 6 || spacing.size() != 2 || plane.rows < 1 ||
      plane.columns < 1 || plane.rows > kMostPixels || plane.columns > kMostPixels)
    return std::nullopt;
  plane.position_mm = {position[0], position[1], position[2]};
  plane.row_direction = {axes[0], axes[1], axes[2]};
  plane.column_direction = {axes[3], axes[4], axes[5]};
  plane.row_spacing_mm = spacing[0], plane.column_spacing_mm = spacing[1];
  return plane;
}

void take_pixel_format(DcmItem& item, FileHeader& header) {
  header.bits_allocated = static_cast<int>(whole(item, DCM_BitsAllocated, 0));
  header.bits_stored = static_cast<int>(whole(item, DCM_BitsStored, header.bits_allocated));
  header.high_bit = static_cast<int>(whole(item, DCM_HighBit, header.bits_stored - 1));
  header.is_signed = whole(item, DCM_PixelRepresentation, 0) == 1;
  const std::string colours = text(item, DCM_PhotometricInterpretation);
  header.monochrome2 =
      (colours.empty() || colours == "MONOCHROME2") && whole(item, DCM_SamplesPerPixel, 1) == 1;
  const auto slope = number(item, DCM_RescaleSlope), intercept = number(item, DCM_RescaleIntercept);
  header.has_rescale = slope && intercept && *slope != 0;
  header.rescale_is_damaged = (!slope && !text(item, DCM_RescaleSlope).empty()) ||
                              (!intercept && !text(item, DCM_RescaleIntercept).empty());
  if (header.has_rescale) header.slope = *slope, header.intercept = *intercept;
  if (const auto padding = number(item, DCM_PixelPaddingValue); padding && std::abs(*padding) <= 65535) {
    header.padding = static_cast<std::uint16_t>(static_cast<std::int32_t>(*padding) & 0xffff);
  }
}

FileHeader header_of(DcmItem& item, const fs::path& file) {
  FileHeader header;
  header.file = file;
  header.modality = text(item, DCM_Modality);
  header.sop_class_uid = text(item, DCM_SOPClassUID);
  header.sop_instance_uid = text(item, DCM_SOPInstanceUID);
  header.series_uid = text(item, DCM_SeriesInstanceUID);
  header.study_uid = text(item, DCM_StudyInstanceUID);
  header.frame_of_reference_uid = text(item, DCM_FrameOfReferenceUID);
  header.patient_key = text(item, DCM_PatientID);
  header.localizer = text(item, DCM_ImageType).find("LOCALIZER") != std::string::npos;
  header.multi_frame = whole(item, DCM_NumberOfFrames, 1) > 1 ||
                       header.sop_class_uid == UID_EnhancedCTImageStorage ||
                       header.sop_class_uid == UID_LegacyConvertedEnhancedCTImageStorage;
  header.plane = plane_of(item);
  header.tube_voltage_kv = number(item, DCM_KVP);
  header.slice_thickness_mm = number(item, DCM_SliceThickness);
  take_pixel_format(item, header);
  return header;
}

[[noreturn]] void fail_damaged(const FileHeader& header, std::string_view why) {
  fail(ErrorCode::kCorrupt, header.file,
       fmt::format("is a damaged or truncated DICOM file: its pixels can't be read ({})", why));
}

std::vector<std::uint8_t> decoded_bytes(DcmDataset& dataset, const FileHeader& header, std::size_t count) {
  std::vector<std::uint8_t> bytes(count);
  try {
    decode_frame(dataset, 0, bytes);
  } catch (const Error& error) {
    fail_damaged(header, error.what());
  }
  return bytes;
}

// The pixels of one slice as words, lent to `use`.
template <class Use>
void with_stored_pixels(const FileHeader& header, std::size_t count, const Use& use) {
  DcmFileFormat file;
  if (const OFCondition status = file.loadFile(header.file.c_str()); status.bad())
    fail_damaged(header, status.text());
  DcmDataset& dataset = *file.getDataset();
  const bool is_wide = header.bits_allocated == 16;
  std::vector<std::uint8_t> decoded;
  const Uint8* bytes = nullptr;
  const Uint16* words = nullptr;
  unsigned long found = count;
  OFCondition status = EC_Normal;
  if (header.compressed) {
    decoded = decoded_bytes(dataset, header, count * (is_wide ? 2 : 1));
    bytes = decoded.data();
  } else if (is_wide) {
    status = dataset.findAndGetUint16Array(DCM_PixelData, words, &found);
  } else {
    status = dataset.findAndGetUint8Array(DCM_PixelData, bytes, &found);
  }
  if (status.bad()) fail_damaged(header, status.text());
  if (found < count || (bytes == nullptr && words == nullptr)) {
    fail(ErrorCode::kCorrupt, header.file,
         fmt::format("is a truncated DICOM file: it holds {} of {} pixels", found, count));
  }
  if (words != nullptr) return use(std::span(words, count));
  std::vector<std::uint16_t> widened(count);
  if (is_wide) {
    std::memcpy(widened.data(), bytes, 2 * count);
  } else {
    std::copy_n(bytes, count, widened.begin());
  }
  use(std::span<const std::uint16_t>(widened));
}

// Some files name a padding value within the range of tissue, where it also stands for real tissue.
bool can_be_padding(float hu) { return hu <= -500 || hu >= 4000; }

// read_hu() of pixels of one type; without branches in its loop, so that it is vectorised.
template <class Stored>
std::int64_t read_hu_as(const FileHeader& header, std::span<float> hu) {
  const int unused = 16 - header.bits_stored;  // bits above the high bit, which are dropped
  const double slope = header.slope, intercept = header.intercept;
  const auto value_of = [unused, slope, intercept](std::uint16_t stored) {
    const int value = static_cast<Stored>(stored << unused) >> unused;
    return static_cast<float>(value * slope + intercept);
  };
  float padding_hu = header.padding ? value_of(*header.padding) : kAirHu;
  if (!can_be_padding(padding_hu)) padding_hu = kAirHu;
  std::int64_t replaced = 0;
  with_stored_pixels(header, hu.size(), [&](std::span<const std::uint16_t> pixels) {
    std::int32_t count = 0;
    for (std::size_t n = 0; n < pixels.size(); ++n) {
      const float value = value_of(pixels[n]);
      const bool padding = (value < kAirHu) | ((value == padding_hu) & (value != kAirHu));
      hu[n] = padding ? kAirHu : value;
      count += padding ? 1 : 0;
    }
    replaced = count;
  });
  return replaced;
}

}  // namespace

bool FileHeader::is_ct_slice() const {
  constexpr std::string_view kStorageClasses[] = {"", UID_CTImageStorage, UID_EnhancedCTImageStorage,
                                                  UID_LegacyConvertedEnhancedCTImageStorage};
  return modality == "CT" && std::ranges::find(kStorageClasses, sop_class_uid) != std::end(kStorageClasses);
}

std::optional<FileHeader> read_file_header(const fs::path& file) {
  prepare_dcmtk();
  if (!looks_like_dicom(file)) return std::nullopt;
  DcmFileFormat format;
  constexpr Uint32 kLongestValue = 4096;  // longer ones stay on the disk
  const OFCondition status = format.loadFileUntilTag(file.c_str(), EXS_Unknown, EGL_noChange, kLongestValue,
                                                     ERM_autoDetect, DCM_PixelData);
  if (status.bad()) {
    fail(ErrorCode::kCorrupt, file,
         fmt::format("is a damaged DICOM file ({}); copy it again or remove it", status.text()));
  }
  DcmDataset& dataset = *format.getDataset();
  FileHeader header = header_of(dataset, file);
  const DcmXfer transfer_syntax(dataset.getOriginalXfer());
  header.transfer_syntax = transfer_syntax.getXferName();
  header.compressed = transfer_syntax.isEncapsulated();
  header.decodable = !header.compressed || can_decode(transfer_syntax.getXfer());
  if (std::string unknown = unknown_transfer_syntax(format); !unknown.empty()) {
    header.transfer_syntax = std::move(unknown);
    header.compressed = true, header.decodable = false;
  }
  return header;
}

void check_pixels(const FileHeader& header) {
  if (header.multi_frame) {
    fail(ErrorCode::kUnsupported, header.file,
         "is a multi-frame (Enhanced) CT, which Hepar does not read; export it as single slices");
  }
  if (!header.decodable) {
    fail(ErrorCode::kUnsupported, header.file,
         fmt::format("is compressed as {}, which Hepar does not decode; decompress the "
                     "series first, for example with gdcmconv --raw",
                     header.transfer_syntax));
  }
  if (!header.monochrome2)
    fail(ErrorCode::kUnsupported, header.file, "is a colour or inverted image, not a CT slice");
  if (header.bits_allocated != 8 && header.bits_allocated != 16) {
    fail(ErrorCode::kUnsupported, header.file,
         fmt::format("has {} bits per pixel, 8 or 16 are read", header.bits_allocated));
  }
  if (header.bits_stored < 1 || header.bits_stored > header.bits_allocated ||
      header.high_bit != header.bits_stored - 1) {
    fail(ErrorCode::kCorrupt, header.file,
         fmt::format("states {} bits stored with high bit {} of {} allocated", header.bits_stored,
                     header.high_bit, header.bits_allocated));
  }
  if (header.rescale_is_damaged)
    fail(ErrorCode::kCorrupt, header.file, "states a rescale slope or intercept that is no number");
  // The best that the decoders' formats do on an empty slice is well under 1000:1.
  std::error_code error;
  const std::uintmax_t file_bytes = fs::file_size(header.file, error);
  if (error) fail(ErrorCode::kMissing, header.file, fmt::format("can't be read: {}", error.message()));
  const double most_bytes = static_cast<double>(file_bytes) * 1000;
  const double claimed_bytes =
      static_cast<double>(header.plane->rows * header.plane->columns * header.bits_allocated / 8);
  if (claimed_bytes > most_bytes) {
    fail(ErrorCode::kCorrupt, header.file,
         fmt::format("is a truncated DICOM file: {} x {} pixels can't be in it", header.plane->columns,
                     header.plane->rows));
  }
}

std::int64_t read_hu(const FileHeader& header, std::span<float> hu) {
  return header.is_signed ? read_hu_as<std::int16_t>(header, hu) : read_hu_as<std::uint16_t>(header, hu);
}

}  // namespace hepar::dicom
