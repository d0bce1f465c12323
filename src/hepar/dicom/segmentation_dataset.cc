// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/segmentation_dataset.h"

#include <dcmtk/dcmiod/cielabutil.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "hepar/core/error.h"
#include "hepar/core/version.h"
#include "hepar/dicom/attributes.h"
#include "hepar/dicom/decimal_string.h"
#include "hepar/dicom/packed_bits.h"
#include "hepar/dicom/referenced_ct.h"
#include "hepar/dicom/structure_set.h"
#include "hepar/dicom/uid.h"

namespace hepar::dicom {
namespace {
using Bytes = std::vector<std::uint8_t>;

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
  OFString date, time;
  DcmDate::getCurrentDate(date);
  DcmTime::getCurrentTime(time);
  const std::pair<DcmTagKey, std::string> attributes[] = {
      {DCM_SOPClassUID, UID_SegmentationStorage},
      {DCM_SOPInstanceUID, new_uid()},
      {DCM_SeriesInstanceUID, new_uid()},
      {DCM_FrameOfReferenceUID, frame_of_reference_for(ct)},
      {DCM_PositionReferenceIndicator, ""},
      {DCM_Modality, "SEG"},
      {DCM_SeriesNumber, "901"},
      {DCM_InstanceNumber, "1"},
      {DCM_SeriesDescription, description},
      {DCM_SeriesDate, date.c_str()},
      {DCM_SeriesTime, time.c_str()},
      {DCM_ContentDate, date.c_str()},
      {DCM_ContentTime, time.c_str()},
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

void put_segments(DcmDataset& dataset, const SegmentationContent& content, const PatientStudy& study) {
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
  const std::string uid = new_uid();
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
  DcmItem& shared = new_item(dataset, DCM_SharedFunctionalGroupsSequence);
  const Vec3 row = grid.direction.column(0), column = grid.direction.column(1);
  put(new_item(shared, DCM_PlaneOrientationSequence), DCM_ImageOrientationPatient,
      decimal_strings({row.x, row.y, row.z, column.x, column.y, column.z}));
  DcmItem& measures = new_item(shared, DCM_PixelMeasuresSequence);
  put(measures, DCM_PixelSpacing, decimal_strings({grid.spacing_mm.y, grid.spacing_mm.x}));
  put(measures, DCM_SliceThickness, decimal_string(grid.spacing_mm.z));
  put(measures, DCM_SpacingBetweenSlices, decimal_string(grid.spacing_mm.z));
}

void put_frame_groups(DcmDataset& dataset, const ContentFrame& frame, const CtSlice& slice,
                      const std::string& sop_class) {
  DcmItem& groups = new_item(dataset, DCM_PerFrameFunctionalGroupsSequence);
  DcmItem& frame_content = new_item(groups, DCM_FrameContentSequence);
  put(frame_content, DCM_DimensionIndexValues, fmt::format("{}\\{}", frame.segment, frame.k + 1));
  const Vec3 at = slice.position_mm;
  put(new_item(groups, DCM_PlanePositionSequence), DCM_ImagePositionPatient,
      decimal_strings({at.x, at.y, at.z}));
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

void put_pixels(DcmDataset& dataset, const SegmentationContent& content, const Geometry& grid) {
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
    place_bits(content.frames[n].pixels, frame_bits, pixels, n * frame_bits);
  }
  require(dataset.putAndInsertUint8Array(DCM_PixelData, pixels.data(),
                                         static_cast<unsigned long>(pixels.size())));
}

// How lossy the CT's own compression was, which its segmentation states too (PS3.3 C.8.20.2).
void copy_compression(const PatientStudy& ct, DcmDataset& dataset) {
  put(dataset, DCM_LossyImageCompression, "00");
  if (ct.image_text(DCM_LossyImageCompression) != "01") return;
  for (const DcmTagKey& tag :
       {DCM_LossyImageCompression, DCM_LossyImageCompressionRatio, DCM_LossyImageCompressionMethod}) {
    put(dataset, tag, ct.image_text(tag));
  }
}

std::vector<std::string> texts_of(const SegmentationContent& content, const DicomProfile& profile) {
  std::vector<std::string> texts{profile.series_description};
  for (const RoiStyle& roi : content.segments) {
    texts.insert(texts.end(), {roi.name, roi.category.meaning, roi.type.meaning});
  }
  return texts;
}

}  // namespace

void fill_segmentation(DcmDataset& dataset, const SegmentationContent& content, const CtGrid& ct,
                       const DicomProfile& profile) {
  const PatientStudy study(ct, texts_of(content, profile));
  std::string sop_class = study.image_text(DCM_SOPClassUID);
  if (sop_class.empty()) sop_class = UID_CTImageStorage;
  for (const DcmTagKey& tag :
       {DCM_PatientName, DCM_PatientID, DCM_PatientBirthDate, DCM_PatientSex, DCM_StudyDate, DCM_StudyTime,
        DCM_StudyID, DCM_AccessionNumber, DCM_ReferringPhysicianName}) {
    put(dataset, tag, "");  // of type 2: there, if without a value
  }
  study.copy_to(dataset);
  copy_compression(study, dataset);
  put_series(dataset, ct, study.encode(profile.series_description));
  put_references(dataset, ct, sop_class);
  put_segments(dataset, content, study);
  put_dimensions(dataset);
  put_shared_groups(dataset, ct.geometry);
  for (const ContentFrame& frame : content.frames) {
    put_frame_groups(dataset, frame, ct.slices[static_cast<std::size_t>(frame.k)], sop_class);
  }
  put_pixels(dataset, content, ct.geometry);
}

}  // namespace hepar::dicom
