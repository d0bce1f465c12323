// SPDX-License-Identifier: Apache-2.0
#include <dcmtk/config/osconfig.h>
// osconfig.h must come first
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmiod/cielabutil.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <ctime>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/core/parallel.h"
#include "hepar/core/version.h"
#include "hepar/dicom/attributes.h"
#include "hepar/dicom/decimal_string.h"
#include "hepar/dicom/dicom_output.h"
#include "hepar/dicom/packed_bits.h"
#include "hepar/dicom/referenced_ct.h"
#include "hepar/dicom/segmentation.h"
#include "hepar/dicom/segmentation_frames.h"
#include "hepar/dicom/structure_set.h"
#include "hepar/dicom/uid.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;
using Bytes = std::vector<std::uint8_t>;

constexpr int kMaximumFraction = 255;

// A frame of the file: the pixels of segment number `segment` on slice k of the CT.
struct Frame {
  int segment = 0;
  std::int64_t k = 0;
  Bytes pixels;  // as in SegmentFrame
};

struct Content {
  std::vector<RoiStyle> segments;  // their numbers count from 1
  std::vector<Frame> frames;       // by segment, then by slice
  bool fractional = false;
};

void require(const OFCondition& status) {
  if (status.good()) return;
  throw Error(ErrorCode::kInternal, fmt::format("can't make a segmentation: {}", status.text()));
}

void put(DcmItem& item, const DcmTagKey& tag, const std::string& value) {
  require(item.putAndInsertString(tag, value.c_str()));
}

void put_number(DcmItem& item, const DcmTagKey& tag, std::int64_t value) {
  require(item.putAndInsertUint16(tag, static_cast<Uint16>(value)));
}

// A new item at the end of a sequence.
DcmItem& new_item(DcmItem& parent, const DcmTagKey& sequence) {
  constexpr long kAppend = -2;
  DcmItem* item = nullptr;
  require(parent.findOrCreateSequenceItem(sequence, item, kAppend));
  return *item;
}

// The code's meaning in the data set's character set.
void put_code(DcmItem& parent, const DcmTagKey& sequence, const CodedConcept& code) {
  constexpr std::size_t kLongestShortString = 16;
  DcmItem& item = new_item(parent, sequence);
  put(item, code.value.size() > kLongestShortString ? DCM_LongCodeValue : DCM_CodeValue, code.value);
  put(item, DCM_CodingSchemeDesignator, code.scheme);
  put(item, DCM_CodeMeaning, code.meaning);
}

void put_series(DcmDataset& dataset, const CtGrid& ct, const std::string& description) {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  localtime_r(&now, &local);
  const std::string date =
      fmt::format("{:04}{:02}{:02}", local.tm_year + 1900, local.tm_mon + 1, local.tm_mday);
  const std::string time = fmt::format("{:02}{:02}{:02}", local.tm_hour, local.tm_min, local.tm_sec);
  const std::pair<DcmTagKey, std::string> attributes[] = {
      {DCM_SOPClassUID, UID_SegmentationStorage},
      {DCM_SOPInstanceUID, dicom::new_uid()},
      {DCM_SeriesInstanceUID, dicom::new_uid()},
      {DCM_FrameOfReferenceUID, frame_of_reference_for(ct)},
      {DCM_PositionReferenceIndicator, ""},
      {DCM_Modality, "SEG"},
      {DCM_SeriesNumber, "901"},
      {DCM_InstanceNumber, "1"},
      {DCM_SeriesDescription, description},
      {DCM_SeriesDate, date},
      {DCM_SeriesTime, time},
      {DCM_ContentDate, date},
      {DCM_ContentTime, time},
      {DCM_ContentLabel, "HEPAR"},
      {DCM_ContentDescription, description},
      {DCM_ContentCreatorName, "Hepar^"},
      {DCM_Manufacturer, "Hepar"},
      {DCM_ManufacturerModelName, "Hepar"},
      {DCM_DeviceSerialNumber, "1"},
      {DCM_SoftwareVersions, std::string(version())},
      {DCM_ImageType, "DERIVED\\PRIMARY"}};
  for (const auto& [tag, value] : attributes) put(dataset, tag, value);
}

void put_references(DcmDataset& dataset, const CtGrid& ct, const std::string& sop_class) {
  DcmItem& series = new_item(dataset, DCM_ReferencedSeriesSequence);
  put(series, DCM_SeriesInstanceUID, ct.series_uid);
  for (const CtSlice& slice : ct.slices) {
    DcmItem& instance = new_item(series, DCM_ReferencedInstanceSequence);
    put(instance, DCM_ReferencedSOPClassUID, sop_class);
    put(instance, DCM_ReferencedSOPInstanceUID, slice.sop_instance_uid);
  }
}

// PS3.3 C.10.7.1.1.
std::string lab_colour(const Rgb& colour) {
  double l = 0, a = 0, b = 0;
  IODCIELabUtil::rgb2DicomLab(l, a, b, colour[0] / 255.0, colour[1] / 255.0, colour[2] / 255.0);
  const auto word = [](double value) { return std::lround(std::clamp(value, 0.0, 65535.0)); };
  return fmt::format("{}\\{}\\{}", word(l), word(a), word(b));
}

void put_segments(DcmDataset& dataset, const Content& content, const dicom::PatientStudy& study) {
  const CodedConcept tissue{"85756007", "SCT", "Tissue"};  // where a profile gives no code
  for (std::size_t n = 0; n < content.segments.size(); ++n) {
    const RoiStyle& roi = content.segments[n];
    DcmItem& segment = new_item(dataset, DCM_SegmentSequence);
    put_number(segment, DCM_SegmentNumber, static_cast<std::int64_t>(n + 1));
    put(segment, DCM_SegmentLabel, study.encode(roi.name));
    put(segment, DCM_SegmentAlgorithmType, "AUTOMATIC");
    put(segment, DCM_SegmentAlgorithmName, fmt::format("Hepar {}", version()));
    const auto code_of = [&](CodedConcept code) {
      if (code.value.empty()) return tissue;
      code.meaning = study.encode(code.meaning);
      return code;
    };
    put_code(segment, DCM_SegmentedPropertyCategoryCodeSequence, code_of(roi.category));
    put_code(segment, DCM_SegmentedPropertyTypeCodeSequence, code_of(roi.type));
    put(segment, DCM_RecommendedDisplayCIELabValue, lab_colour(roi.colour));
  }
}

// Frames are indexed by segment, then by place.
void put_dimensions(DcmDataset& dataset) {
  const std::string uid = dicom::new_uid();
  put(new_item(dataset, DCM_DimensionOrganizationSequence), DCM_DimensionOrganizationUID, uid);
  const std::array<DcmTagKey, 2> indices[] = {
      {DCM_ReferencedSegmentNumber, DCM_SegmentIdentificationSequence},
      {DCM_ImagePositionPatient, DCM_PlanePositionSequence}};
  for (const auto& [pointer, group] : indices) {
    DcmItem& index = new_item(dataset, DCM_DimensionIndexSequence);
    put(index, DCM_DimensionOrganizationUID, uid);
    require(index.putAndInsertTagKey(DCM_DimensionIndexPointer, pointer));
    require(index.putAndInsertTagKey(DCM_FunctionalGroupPointer, group));
  }
}

void put_shared_groups(DcmDataset& dataset, const Geometry& grid) {
  using dicom::decimal_string;
  DcmItem& shared = new_item(dataset, DCM_SharedFunctionalGroupsSequence);
  const Vec3 row = grid.direction.column(0), column = grid.direction.column(1);
  put(new_item(shared, DCM_PlaneOrientationSequence), DCM_ImageOrientationPatient,
      dicom::decimal_strings({row.x, row.y, row.z, column.x, column.y, column.z}));
  DcmItem& measures = new_item(shared, DCM_PixelMeasuresSequence);
  put(measures, DCM_PixelSpacing, dicom::decimal_strings({grid.spacing_mm.y, grid.spacing_mm.x}));
  put(measures, DCM_SliceThickness, decimal_string(grid.spacing_mm.z));
  put(measures, DCM_SpacingBetweenSlices, decimal_string(grid.spacing_mm.z));
}

void put_frame_groups(DcmDataset& dataset, const Frame& frame, const CtSlice& slice,
                      const std::string& sop_class) {
  DcmItem& groups = new_item(dataset, DCM_PerFrameFunctionalGroupsSequence);
  DcmItem& frame_content = new_item(groups, DCM_FrameContentSequence);
  put(frame_content, DCM_DimensionIndexValues, fmt::format("{}\\{}", frame.segment, frame.k + 1));
  const Vec3 at = slice.position_mm;
  put(new_item(groups, DCM_PlanePositionSequence), DCM_ImagePositionPatient,
      dicom::decimal_strings({at.x, at.y, at.z}));
  put_number(new_item(groups, DCM_SegmentIdentificationSequence), DCM_ReferencedSegmentNumber, frame.segment);
  DcmItem& derivation = new_item(groups, DCM_DerivationImageSequence);
  put_code(derivation, DCM_DerivationCodeSequence, {"113076", "DCM", "Segmentation"});
  DcmItem& source = new_item(derivation, DCM_SourceImageSequence);
  put(source, DCM_ReferencedSOPClassUID, sop_class);
  put(source, DCM_ReferencedSOPInstanceUID, slice.sop_instance_uid);
  put(source, DCM_SpatialLocationsPreserved, "YES");
  put_code(source, DCM_PurposeOfReferenceCodeSequence,
           {"121322", "DCM", "Source image for image processing operation"});
}

void put_pixels(DcmDataset& dataset, const Content& content, const Geometry& grid) {
  const std::int64_t bits = content.fractional ? 8 : 1;
  put(dataset, DCM_SegmentationType, content.fractional ? "FRACTIONAL" : "BINARY");
  if (content.fractional) {
    put(dataset, DCM_SegmentationFractionalType, "PROBABILITY");
    put_number(dataset, DCM_MaximumFractionalValue, kMaximumFraction);
  }
  put(dataset, DCM_NumberOfFrames, std::to_string(content.frames.size()));
  put(dataset, DCM_PhotometricInterpretation, "MONOCHROME2");
  const std::pair<DcmTagKey, std::int64_t> format[] = {{DCM_SamplesPerPixel, 1},    {DCM_Rows, grid.size.j},
                                                       {DCM_Columns, grid.size.i},  {DCM_BitsAllocated, bits},
                                                       {DCM_BitsStored, bits},      {DCM_HighBit, bits - 1},
                                                       {DCM_PixelRepresentation, 0}};
  for (const auto& [tag, value] : format) put_number(dataset, tag, value);
  const auto frame_bits = static_cast<std::size_t>(grid.size.i * grid.size.j * bits);
  const std::size_t bytes = (content.frames.size() * frame_bits + 7) / 8;
  constexpr std::size_t kLongestValue = 0xfffffffe;
  if (bytes > kLongestValue) {
    throw Error(
        ErrorCode::kUnsupported,
        fmt::format("the segmentation's pixels make {} bytes, a DICOM file holds {}", bytes, kLongestValue));
  }
  Bytes pixels(bytes + bytes % 2);
  for (std::size_t n = 0; n < content.frames.size(); ++n) {
    dicom::place_bits(content.frames[n].pixels, frame_bits, pixels, n * frame_bits);
  }
  require(dataset.putAndInsertUint8Array(DCM_PixelData, pixels.data(),
                                         static_cast<unsigned long>(pixels.size())));
}

// How lossy the CT's own compression was, which its segmentation states too (PS3.3 C.8.20.2).
void copy_compression(DcmItem& ct, DcmDataset& dataset) {
  put(dataset, DCM_LossyImageCompression, "00");
  if (dicom::text(ct, DCM_LossyImageCompression) != "01") return;
  for (const DcmTagKey& tag :
       {DCM_LossyImageCompression, DCM_LossyImageCompressionRatio, DCM_LossyImageCompressionMethod}) {
    put(dataset, tag, dicom::text(ct, tag));
  }
}

std::vector<std::string> texts_of(const Content& content, const DicomProfile& profile) {
  std::vector<std::string> texts{profile.series_description};
  for (const RoiStyle& roi : content.segments) {
    texts.insert(texts.end(), {roi.name, roi.category.meaning, roi.type.meaning});
  }
  return texts;
}

void fill_dataset(DcmDataset& dataset, const Content& content, const CtGrid& ct,
                  const DicomProfile& profile) {
  const dicom::PatientStudy study(ct, texts_of(content, profile));
  const fs::path& first = ct.slices.front().file;
  DcmFileFormat source;
  require(
      source.loadFileUntilTag(first.c_str(), EXS_Unknown, EGL_noChange, 4096, ERM_autoDetect, DCM_PixelData));
  std::string sop_class = dicom::text(*source.getDataset(), DCM_SOPClassUID);
  if (sop_class.empty()) sop_class = UID_CTImageStorage;
  for (const DcmTagKey& tag :
       {DCM_PatientName, DCM_PatientID, DCM_PatientBirthDate, DCM_PatientSex, DCM_StudyDate, DCM_StudyTime,
        DCM_StudyID, DCM_AccessionNumber, DCM_ReferringPhysicianName}) {
    put(dataset, tag, "");  // of type 2: there, if without a value
  }
  study.copy_to(dataset);
  copy_compression(*source.getDataset(), dataset);
  put_series(dataset, ct, study.encode(profile.series_description));
  put_references(dataset, ct, sop_class);
  put_segments(dataset, content, study);
  put_dimensions(dataset);
  put_shared_groups(dataset, ct.geometry);
  for (const Frame& frame : content.frames) {
    put_frame_groups(dataset, frame, ct.slices[static_cast<std::size_t>(frame.k)], sop_class);
  }
  put_pixels(dataset, content, ct.geometry);
}

// Whether check(segment, k, frame or null) holds for every slice of every segment.
template <class Check>
bool agrees(const Segmentation& read, const Content& content, const CtGrid& ct, const Check& check) {
  if (read.segments.size() != content.segments.size()) return false;
  std::atomic<bool> same = true;
  for (const Segment& segment : read.segments) {
    const auto frames = dicom::frames_by_slice(read, segment.number, ct.geometry);
    parallel_for(ct.geometry.size.k, [&](std::int64_t k) {
      if (!check(segment.number, k, frames[static_cast<std::size_t>(k)])) same = false;
    });
  }
  return same;
}

// Writes, reads back, compares, and only then puts the file in place.
template <class Check>
void write_checked(const fs::path& file, const Content& content, const CtGrid& ct,
                   const DicomProfile& profile, const Check& check) {
  AtomicFile target(file);
  {
    DcmFileFormat format;
    fill_dataset(*format.getDataset(), content, ct, profile);
    dicom::write_dicom_file(target.temporary(), format, EXS_LittleEndianExplicit);
  }
  if (!agrees(read_segmentation(target.temporary()), content, ct, check)) {
    throw Error(ErrorCode::kInternal,
                fmt::format("{} was not written: read back, it differs from the masks", file.string()));
  }
  target.commit();
}

void check_grid(const Geometry& grid, const CtGrid& ct) {
  dicom::prepare_dcmtk();
  dicom::check_can_be_referenced(ct);
  if (const auto difference = grid_difference(grid, ct.geometry)) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("the segmentation does not lie on the CT's grid: {}", *difference));
  }
  HEPAR_EXPECT(ct.slices.size() == static_cast<std::size_t>(ct.geometry.size.k), "one slice per k");
}

// The frames of all slices that make_frame(k) gives pixels for.
template <class MakeFrame>
void add_frames(int segment, std::int64_t slices, const MakeFrame& make_frame, std::vector<Frame>& frames) {
  std::vector<Bytes> pixels(static_cast<std::size_t>(slices));
  parallel_for(slices, [&](std::int64_t k) { pixels[static_cast<std::size_t>(k)] = make_frame(k); });
  for (std::int64_t k = 0; k < slices; ++k) {
    Bytes& frame = pixels[static_cast<std::size_t>(k)];
    if (!frame.empty()) frames.push_back({segment, k, std::move(frame)});
  }
}

std::array<std::uint8_t, 256> members_of(const RoiStyle& roi) {
  std::array<std::uint8_t, 256> inside{};
  for (const std::uint8_t label : roi.labels) inside[label] = 1;
  return inside;
}

template <class T>
std::span<const T> slice_of(const Volume<T>& volume, std::int64_t k) {
  const auto area = static_cast<std::size_t>(volume.size().i * volume.size().j);
  return volume.voxels().subspan(static_cast<std::size_t>(k) * area, area);
}

Content binary_content(const LabelMap& labels, const DicomProfile& profile) {
  Content content;
  for (const RoiStyle& roi : profile.rois) {
    const auto inside = members_of(roi);
    const std::size_t before = content.frames.size();
    add_frames(
        static_cast<int>(content.segments.size()) + 1, labels.size().k,
        [&](std::int64_t k) {
          const auto voxels = slice_of(labels, k);
          if (std::ranges::none_of(voxels, [&](std::uint8_t label) { return inside[label] != 0; }))
            return Bytes();
          Bytes values(voxels.size());
          std::ranges::transform(voxels, values.begin(), [&](std::uint8_t label) { return inside[label]; });
          return dicom::pack_bits(values);
        },
        content.frames);
    if (content.frames.size() > before) content.segments.push_back(roi);
  }
  return content;
}

}  // namespace

void write_segmentation(const fs::path& file, const LabelMap& labels, const CtGrid& ct,
                        const DicomProfile& profile) {
  check_grid(labels.geometry(), ct);
  const Content content = binary_content(labels, profile);
  if (content.segments.empty()) {
    throw Error(ErrorCode::kInvalidInput,
                "the label map holds no voxel of the profile's structures; there is nothing to write");
  }
  write_checked(file, content, ct, profile, [&](int segment, std::int64_t k, const SegmentFrame* frame) {
    const auto inside = members_of(content.segments[static_cast<std::size_t>(segment - 1)]);
    const auto wanted = slice_of(labels, k);
    Bytes values(frame == nullptr ? 0 : wanted.size());
    if (frame != nullptr) dicom::unpack_bits(frame->pixels, values);
    for (std::size_t n = 0; n < wanted.size(); ++n) {
      if ((frame == nullptr ? 0 : values[n]) != inside[wanted[n]]) return false;
    }
    return true;
  });
}

void write_fractional_segmentation(const fs::path& file, const Volume<float>& probability,
                                   const RoiStyle& roi, const CtGrid& ct, const DicomProfile& profile) {
  check_grid(probability.geometry(), ct);
  for (const float value : probability.voxels()) {
    if (value >= 0 && value <= 1) continue;
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("a probability is {}, which is not between 0 and 1", value));
  }
  Content content{{roi}, {}, true};
  add_frames(
      1, probability.size().k,
      [&](std::int64_t k) {
        const auto voxels = slice_of(probability, k);
        Bytes values(voxels.size());
        std::ranges::transform(voxels, values.begin(), [](float value) {
          return static_cast<std::uint8_t>(value * kMaximumFraction + 0.5F);
        });
        return std::ranges::any_of(values, [](std::uint8_t value) { return value != 0; }) ? values : Bytes();
      },
      content.frames);
  if (content.frames.empty()) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("the probability is below 1/{} everywhere; there is nothing to write",
                            2 * kMaximumFraction));
  }
  write_checked(file, content, ct, profile, [&](int, std::int64_t k, const SegmentFrame* frame) {
    constexpr float kHalfStep = 0.5F / kMaximumFraction + 1e-6F;
    const auto wanted = slice_of(probability, k);
    for (std::size_t n = 0; n < wanted.size(); ++n) {
      const float written = frame == nullptr ? 0 : static_cast<float>(frame->pixels[n]) / kMaximumFraction;
      if (std::abs(written - wanted[n]) > kHalfStep) return false;
    }
    return true;
  });
}

}  // namespace hepar
