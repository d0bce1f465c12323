// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <optional>
#include <set>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/dicom/attributes.h"
#include "hepar/dicom/frame_decoder.h"
#include "hepar/dicom/packed_bits.h"
#include "hepar/dicom/segmentation.h"
#include "hepar/dicom/segmentation_frames.h"
#include "hepar/dicom/sequence_items.h"

namespace hepar {
namespace fs = std::filesystem;
namespace {
using dicom::for_each_item;
using dicom::kLabelMapStorage;
using dicom::number;
using dicom::numbers;
using dicom::text;
using dicom::utf8_text;
using dicom::whole;
using Bytes = std::vector<std::uint8_t>;

[[noreturn]] void fail(ErrorCode code, const std::string& why) { throw Error(code, why); }

enum class Kind { kBinary, kFractional, kLabelMap };

// What the functional groups say of a frame; the groups of a frame go before those that all frames share.
struct FrameGroups {
  std::int64_t segment = 0;
  std::vector<double> position, orientation, spacing;
  std::optional<double> slice_spacing_mm, slice_thickness_mm;
};

void read_groups(DcmItem& item, FrameGroups& groups) {
  const auto take = [](std::vector<double>& into, DcmItem& from, const DcmTagKey& tag) {
    if (auto values = numbers(from, tag); !values.empty()) into = std::move(values);
  };
  for_each_item(item, DCM_SegmentIdentificationSequence, [&](DcmItem& group) {
    groups.segment = whole(group, DCM_ReferencedSegmentNumber, groups.segment);
  });
  for_each_item(item, DCM_PlanePositionSequence,
                [&](DcmItem& group) { take(groups.position, group, DCM_ImagePositionPatient); });
  for_each_item(item, DCM_PlaneOrientationSequence,
                [&](DcmItem& group) { take(groups.orientation, group, DCM_ImageOrientationPatient); });
  for_each_item(item, DCM_PixelMeasuresSequence, [&](DcmItem& group) {
    take(groups.spacing, group, DCM_PixelSpacing);
    const auto spacing = number(group, DCM_SpacingBetweenSlices),
               thickness = number(group, DCM_SliceThickness);
    if (spacing && *spacing > 0) groups.slice_spacing_mm = spacing;
    if (thickness && *thickness > 0) groups.slice_thickness_mm = thickness;
  });
}

CodedConcept read_code(DcmItem& item, const DcmTagKey& sequence) {
  CodedConcept code;
  for_each_item(item, sequence, [&](DcmItem& entry) {
    if (!code.value.empty()) return;
    for (const DcmTagKey& tag : {DCM_CodeValue, DCM_LongCodeValue, DCM_URNCodeValue}) {
      if (code.value.empty()) code.value = text(entry, tag);
    }
    code.scheme = text(entry, DCM_CodingSchemeDesignator);
    code.meaning = utf8_text(entry, DCM_CodeMeaning);
  });
  return code;
}

class Reader {
 public:
  Reader(DcmDataset& dataset, std::uintmax_t file_bytes) : dataset_(dataset), file_bytes_(file_bytes) {}

  Segmentation read() {
    read_kind();
    read_size();
    read_segments();
    read_references();
    const std::vector<FrameGroups> groups = read_frame_groups();
    set_plane(groups);
    open_pixels(static_cast<std::int64_t>(groups.size()));
    if (kind_ == Kind::kLabelMap) {
      read_label_maps(groups);
    } else {
      read_frames(groups);
    }
    if (over_maximum_ > 0) {
      result_.notes.push_back(
          fmt::format("{} values above the Maximum Fractional Value of {} were taken as that.", over_maximum_,
                      result_.maximum_value));
    }
    return std::move(result_);
  }

 private:
  void read_kind() {
    const std::string type = text(dataset_, DCM_SegmentationType);
    const bool label_map = text(dataset_, DCM_SOPClassUID) == kLabelMapStorage || type == "LABELMAP";
    if (!label_map && type != "BINARY" && type != "FRACTIONAL") {
      fail(ErrorCode::kCorrupt, "its Segmentation Type is neither BINARY nor FRACTIONAL nor LABELMAP");
    }
    if (text(dataset_, DCM_ConcatenationUID) != "" &&
        whole(dataset_, DCM_InConcatenationTotalNumber, 0) != 1) {
      fail(ErrorCode::kUnsupported,
           "it is one part of a concatenation; join the parts to one segmentation first");
    }
    kind_ = label_map ? Kind::kLabelMap : type == "BINARY" ? Kind::kBinary : Kind::kFractional;
    if (kind_ != Kind::kFractional) return;
    const std::int64_t maximum = whole(dataset_, DCM_MaximumFractionalValue, 255);
    if (maximum < 1 || maximum > 255) {
      fail(ErrorCode::kCorrupt,
           fmt::format("its Maximum Fractional Value is {}, 1 to 255 is allowed", maximum));
    }
    result_.maximum_value = static_cast<int>(maximum);
  }

  void read_size() {
    rows_ = whole(dataset_, DCM_Rows, 0), columns_ = whole(dataset_, DCM_Columns, 0);
    bits_ = whole(dataset_, DCM_BitsAllocated, 0);
    if (rows_ < 1 || columns_ < 1 || rows_ > 65535 || columns_ > 65535)
      fail(ErrorCode::kCorrupt, fmt::format("it states {} rows and {} columns", rows_, columns_));
    const bool usable =
        bits_ == 8 || (kind_ == Kind::kBinary && bits_ == 1) || (kind_ == Kind::kLabelMap && bits_ == 16);
    if (!usable || whole(dataset_, DCM_SamplesPerPixel, 1) != 1) {
      fail(ErrorCode::kUnsupported,
           fmt::format("it has {} bits per pixel; 1 or 8 are read, for label maps 8 or 16", bits_));
    }
  }

  void read_segments() {
    std::set<int> seen;
    for_each_item(dataset_, DCM_SegmentSequence, [&](DcmItem& item) {
      Segment segment;
      const std::int64_t stated = whole(item, DCM_SegmentNumber, -1);
      if (kind_ == Kind::kLabelMap && stated == background()) return;
      if (stated < 1 || stated > 65535) fail(ErrorCode::kCorrupt, "a segment of it has no number");
      segment.number = static_cast<int>(stated);
      if (!seen.insert(segment.number).second)
        fail(ErrorCode::kCorrupt, fmt::format("two segments of it have the number {}", segment.number));
      segment.label = utf8_text(item, DCM_SegmentLabel);
      if (segment.label.empty()) segment.label = utf8_text(item, DCM_SegmentDescription);
      segment.category = read_code(item, DCM_SegmentedPropertyCategoryCodeSequence);
      segment.type = read_code(item, DCM_SegmentedPropertyTypeCodeSequence);
      result_.segments.push_back(std::move(segment));
    });
    if (result_.segments.empty()) fail(ErrorCode::kCorrupt, "it describes no segment");
    std::ranges::sort(result_.segments, {}, &Segment::number);
  }

  void read_references() {
    result_.frame_of_reference_uid = text(dataset_, DCM_FrameOfReferenceUID);
    std::set<std::string> series;
    for_each_item(dataset_, DCM_ReferencedSeriesSequence, [&](DcmItem& item) {
      const std::string uid = text(item, DCM_SeriesInstanceUID);
      if (result_.series_uid.empty()) result_.series_uid = uid;
      series.insert(uid);
    });
    if (series.size() > 1) {
      result_.notes.push_back(
          fmt::format("The segmentation refers to {} series; the first one counts.", series.size()));
    }
  }

  std::vector<FrameGroups> read_frame_groups() {
    FrameGroups shared;
    for_each_item(dataset_, DCM_SharedFunctionalGroupsSequence,
                  [&](DcmItem& item) { read_groups(item, shared); });
    std::vector<FrameGroups> groups;
    for_each_item(dataset_, DCM_PerFrameFunctionalGroupsSequence, [&](DcmItem& item) {
      groups.push_back(shared);
      read_groups(item, groups.back());
    });
    const std::int64_t stated = whole(dataset_, DCM_NumberOfFrames, static_cast<std::int64_t>(groups.size()));
    if (groups.empty() || stated != static_cast<std::int64_t>(groups.size())) {
      fail(ErrorCode::kCorrupt, fmt::format("it states {} frames and describes {}", stated, groups.size()));
    }
    for (FrameGroups& group : groups) check(group);
    return groups;
  }

  void check(FrameGroups& group) const {
    if (group.position.size() != 3 || group.orientation.size() != 6 || group.spacing.size() != 2) {
      fail(
          ErrorCode::kUnsupported,
          "some of its frames do not say where they lie: position, orientation or pixel spacing are missing");
    }
    if (kind_ == Kind::kLabelMap) return;
    if (group.segment == 0 && result_.segments.size() == 1) group.segment = result_.segments.front().number;
    if (!has_segment(group.segment))
      fail(ErrorCode::kCorrupt,
           fmt::format("a frame belongs to segment {}, which it does not describe", group.segment));
  }

  bool has_segment(std::int64_t segment) const {
    const auto found = std::ranges::lower_bound(result_.segments, segment, {}, &Segment::number);
    return found != result_.segments.end() && found->number == segment;
  }

  void set_plane(const std::vector<FrameGroups>& groups) {
    constexpr double kSpread = 1e-4;  // of direction cosines, and relative of spacings
    const FrameGroups& first = groups.front();
    for (const FrameGroups& group : groups) {
      for (std::size_t n = 0; n < 6; ++n) {
        if (std::abs(group.orientation[n] - first.orientation[n]) > kSpread)
          fail(ErrorCode::kUnsupported, "its frames have several orientations");
      }
      for (std::size_t n = 0; n < 2; ++n) {
        if (std::abs(group.spacing[n] - first.spacing[n]) > kSpread * std::abs(first.spacing[n]))
          fail(ErrorCode::kUnsupported, "its frames have several pixel spacings");
      }
    }
    const auto& axes = first.orientation;
    const Vec3 row{axes[0], axes[1], axes[2]}, column{axes[3], axes[4], axes[5]};
    Mat3 direction;
    direction.set_column(0, row), direction.set_column(1, column), direction.set_column(2, row.cross(column));
    constexpr double kSkew = 1e-3;
    if (!(orthonormality_error(direction) <= kSkew))
      fail(ErrorCode::kCorrupt, "its rows and columns are not at right angles");
    Geometry& plane = result_.plane;
    plane.size = {columns_, rows_, 1};
    plane.spacing_mm = {first.spacing[1], first.spacing[0], 1};
    result_.slice_spacing_mm = first.slice_spacing_mm, result_.slice_thickness_mm = first.slice_thickness_mm;
    plane.origin_mm = {first.position[0], first.position[1], first.position[2]};
    plane.direction = nearest_orthonormal(direction);
    try {
      check_geometry(plane);
    } catch (const Error& error) {
      fail(ErrorCode::kCorrupt, error.what());
    }
  }

  // Compares the pixels' length with what rows, columns and frames make before anything is taken.
  void open_pixels(std::int64_t frames) {
    const std::int64_t wanted = (rows_ * columns_ * frames * bits_ + 7) / 8;
    const DcmXfer syntax(dataset_.getOriginalXfer());
    // The best that the compressing formats do on empty frames is well under 1000:1.
    if (static_cast<double>(wanted) > 1000.0 * static_cast<double>(file_bytes_))
      fail_length(wanted, frames, -1);
    compressed_ = syntax.isEncapsulated();
    if (compressed_) {
      if (!dicom::can_decode(syntax.getXfer()) || bits_ == 1) {
        fail(ErrorCode::kUnsupported,
             fmt::format("it is compressed as {} with {} bits per pixel, which Hepar does not decode",
                         syntax.getXferName(), bits_));
      }
      return;
    }
    const Uint8* bytes = nullptr;
    unsigned long found = 0;
    DcmElement* element = nullptr;
    if (dataset_.findAndGetElement(DCM_PixelData, element).bad())
      fail(ErrorCode::kCorrupt, "it holds no pixels");
    if (element->getLength() != wanted + wanted % 2 && element->getLength() != wanted)
      fail_length(wanted, frames, element->getLength());
    const OFCondition status = dataset_.findAndGetUint8Array(DCM_PixelData, bytes, &found);
    if (status.bad() || bytes == nullptr || static_cast<std::int64_t>(found) < wanted)
      fail_length(wanted, frames, static_cast<std::int64_t>(found));
    native_ = {bytes, static_cast<std::size_t>(wanted)};
  }

  [[noreturn]] void fail_length(std::int64_t wanted, std::int64_t frames, std::int64_t found) const {
    fail(ErrorCode::kCorrupt,
         fmt::format("its {} frames of {} x {} pixels make {} bytes, {}", frames, columns_, rows_, wanted,
                     found < 0 ? std::string("far more than the file can hold")
                               : fmt::format("but it holds {}; it may be truncated", found)));
  }

  // A frame as its pixels are stored, 1, 8 or 16 bits each.
  Bytes stored_frame(std::size_t n) {
    const auto area = static_cast<std::size_t>(rows_ * columns_), bits = static_cast<std::size_t>(bits_);
    if (!compressed_) return dicom::cut_bits(native_, n * area * bits, area * bits);
    Bytes pixels(area * bits / 8);
    dicom::decode_frame(dataset_, static_cast<std::uint32_t>(n), pixels);
    return pixels;
  }

  void read_frames(const std::vector<FrameGroups>& groups) {
    result_.frames.reserve(groups.size());
    for (std::size_t n = 0; n < groups.size(); ++n) {
      const auto& at = groups[n].position;
      SegmentFrame frame{static_cast<int>(groups[n].segment), {at[0], at[1], at[2]}, stored_frame(n)};
      if (result_.maximum_value > 1) {
        for (std::uint8_t& value : frame.pixels) {
          if (value <= result_.maximum_value) continue;
          value = static_cast<std::uint8_t>(result_.maximum_value);
          ++over_maximum_;
        }
      } else if (bits_ == 8) {
        for (std::uint8_t& value : frame.pixels) value = value != 0 ? 1 : 0;
        frame.pixels = dicom::pack_bits(frame.pixels);
      }
      take_bytes(1, frame.pixels.size());
      result_.frames.push_back(std::move(frame));
    }
  }

  // To be called before so many frames are kept: a small file can be made to hold many.
  void take_bytes(std::int64_t frames, std::size_t frame_bytes) {
    constexpr std::int64_t kMostBytes = std::int64_t{1} << 32;
    bytes_ += frames * static_cast<std::int64_t>(frame_bytes);
    if (bytes_ <= kMostBytes) return;
    fail(ErrorCode::kUnsupported,
         fmt::format("its frames make more than {} bytes of memory, which is what Hepar takes", kMostBytes));
  }

  // The value that belongs to no segment (PS3.3 C.8.20.2).
  std::int64_t background() const { return whole(dataset_, DCM_PixelPaddingValue, 0); }

  // Each frame of a label map becomes one frame of every segment in it.
  void read_label_maps(const std::vector<FrameGroups>& groups) {
    const auto area = static_cast<std::size_t>(rows_ * columns_);
    const std::int64_t nothing = background();
    std::vector<std::uint16_t> values(area);
    Bytes inside(area);
    for (std::size_t n = 0; n < groups.size(); ++n) {
      const Bytes stored = stored_frame(n);
      if (bits_ == 16) {
        std::memcpy(values.data(), stored.data(), stored.size());
      } else {
        std::ranges::copy(stored, values.begin());
      }
      std::vector<bool> present(65536);
      for (const std::uint16_t value : values) present[value] = true;
      take_bytes(std::ranges::count(present, true), (area + 7) / 8);
      const auto& at = groups[n].position;
      for (std::int64_t segment = 0; segment < 65536; ++segment) {
        if (!present[static_cast<std::size_t>(segment)] || segment == nothing) continue;
        if (!has_segment(segment))
          fail(ErrorCode::kCorrupt,
               fmt::format("it holds the value {} and describes no such segment", segment));
        std::ranges::transform(values, inside.begin(), [segment](std::uint16_t value) {
          return static_cast<std::uint8_t>(value == segment ? 1 : 0);
        });
        result_.frames.push_back(
            {static_cast<int>(segment), {at[0], at[1], at[2]}, dicom::pack_bits(inside)});
      }
    }
  }

  DcmDataset& dataset_;
  std::uintmax_t file_bytes_;
  Segmentation result_;
  Kind kind_ = Kind::kBinary;
  std::int64_t rows_ = 0, columns_ = 0, bits_ = 0, over_maximum_ = 0, bytes_ = 0;
  bool compressed_ = false;
  std::span<const std::uint8_t> native_;
};

}  // namespace

Segmentation read_segmentation(const fs::path& file) {
  dicom::prepare_dcmtk();
  std::error_code error_code;
  const std::uintmax_t file_bytes = fs::file_size(file, error_code);
  if (error_code || !fs::is_regular_file(file, error_code))
    throw Error(ErrorCode::kMissing, fmt::format("can't read {}: no such file", file.string()));
  if (!dicom::looks_like_dicom(file))
    throw Error(ErrorCode::kInvalidInput, fmt::format("{} is no DICOM file", file.string()));
  DcmFileFormat format;
  const OFCondition status = format.loadFile(file.c_str());
  if (const std::string syntax = dicom::unknown_transfer_syntax(format); !syntax.empty()) {
    throw Error(ErrorCode::kUnsupported,
                fmt::format("{} is compressed as {}, which Hepar does not decode", file.string(), syntax));
  }
  if (status.bad()) {
    throw Error(ErrorCode::kCorrupt,
                fmt::format("{} is a damaged or truncated DICOM file ({})", file.string(), status.text()));
  }
  DcmDataset& dataset = *format.getDataset();
  const std::string sop_class = text(dataset, DCM_SOPClassUID);
  if (sop_class != UID_SegmentationStorage && sop_class != kLabelMapStorage) {
    throw Error(ErrorCode::kInvalidInput, fmt::format("{} is no DICOM Segmentation (SEG)", file.string()));
  }
  try {
    return Reader(dataset, file_bytes).read();
  } catch (const Error& error) {
    throw error.during(fmt::format("can't use the segmentation {}", file.string()));
  }
}

}  // namespace hepar
