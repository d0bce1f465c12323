// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/synthetic_segmentation.h"

#include <dcmtk/config/osconfig.h>
// osconfig.h must come first
#include <dcmtk/dcmdata/dctk.h>
#include <fmt/format.h>

#include <stdexcept>

#include "hepar/dicom/segmentation_frames.h"
#include "hepar/dicom/synthetic_syntax.h"

namespace hepar::dicom {
namespace {

void require(const OFCondition& status) {
  if (status.bad()) throw std::runtime_error(status.text());
}

DcmItem& new_item(DcmItem& parent, const DcmTagKey& sequence) {
  DcmItem* item = nullptr;
  require(parent.findOrCreateSequenceItem(sequence, item, -2));  // appended
  return *item;
}

void put(DcmItem& item, const DcmTagKey& tag, const std::string& value) {
  if (!value.empty()) require(item.putAndInsertString(tag, value.c_str()));
}

void put_number(DcmItem& item, const DcmTagKey& tag, int value) {
  require(item.putAndInsertUint16(tag, static_cast<Uint16>(value)));
}

void put_measures(DcmItem& groups, const SyntheticSegmentation& segmentation) {
  put(new_item(groups, DCM_PlaneOrientationSequence), DCM_ImageOrientationPatient, segmentation.orientation);
  DcmItem& measures = new_item(groups, DCM_PixelMeasuresSequence);
  put(measures, DCM_PixelSpacing, segmentation.spacing);
  put(measures, DCM_SpacingBetweenSlices, segmentation.slice_spacing);
}

void put_frame(DcmDataset& dataset, const SyntheticSegmentation& segmentation, const SyntheticFrame& frame) {
  DcmItem& groups = new_item(dataset, DCM_PerFrameFunctionalGroupsSequence);
  if (frame.segment > 0) {
    put_number(new_item(groups, DCM_SegmentIdentificationSequence), DCM_ReferencedSegmentNumber,
               frame.segment);
  }
  if (frame.position_mm) {
    const Vec3 p = *frame.position_mm;
    put(new_item(groups, DCM_PlanePositionSequence), DCM_ImagePositionPatient,
        fmt::format("{:.8g}\\{:.8g}\\{:.8g}", p.x, p.y, p.z));
  }
  if (!frame.orientation.empty()) {
    put(new_item(groups, DCM_PlaneOrientationSequence), DCM_ImageOrientationPatient, frame.orientation);
  }
  if (segmentation.measures_in_frames) put_measures(groups, segmentation);
}

void put_segment(DcmDataset& dataset, int number, const std::string& label) {
  DcmItem& segment = new_item(dataset, DCM_SegmentSequence);
  put_number(segment, DCM_SegmentNumber, number);
  put(segment, DCM_SegmentLabel, label);
  DcmItem& type = new_item(segment, DCM_SegmentedPropertyTypeCodeSequence);
  put(type, DCM_CodeValue, "10200004");
  put(type, DCM_CodingSchemeDesignator, "SCT");
  put(type, DCM_CodeMeaning, "Liver");
}

// All frames one after the other, bit by bit (PS3.5 8.1.1).
void put_pixels(DcmDataset& dataset, const SyntheticSegmentation& segmentation) {
  std::vector<Uint8> bytes;
  std::size_t bit = 0;
  for (const SyntheticFrame& frame : segmentation.frames) {
    for (const std::uint16_t value : frame.pixels) {
      for (int n = 0; n < segmentation.bits; ++n, ++bit) {
        if (bit % 8 == 0) bytes.push_back(0);
        bytes.back() |= static_cast<Uint8>((value >> n & 1) << bit % 8);
      }
    }
  }
  if (bytes.size() % 2 == 1) bytes.push_back(0);
  require(
      dataset.putAndInsertUint8Array(DCM_PixelData, bytes.data(), static_cast<unsigned long>(bytes.size())));
}

void put_image_attributes(DcmDataset& dataset, const SyntheticSegmentation& segmentation) {
  put(dataset, DCM_Modality, "SEG");
  put(dataset, DCM_SOPClassUID,
      segmentation.type == "LABELMAP" ? std::string(kLabelMapStorage) : UID_SegmentationStorage);
  put(dataset, DCM_SOPInstanceUID, "1.2.3.99");
  put(dataset, DCM_SegmentationType, segmentation.type);
  put(dataset, DCM_PhotometricInterpretation, "MONOCHROME2");
  put(dataset, DCM_FrameOfReferenceUID, "1.2.3.6");
  put(dataset, DCM_NumberOfFrames, std::to_string(segmentation.frames.size()));
  const int bits = segmentation.bits;
  const std::pair<DcmTagKey, int> format[] = {
      {DCM_Rows, segmentation.rows}, {DCM_Columns, segmentation.columns},
      {DCM_BitsAllocated, bits},     {DCM_BitsStored, bits},
      {DCM_HighBit, bits - 1},       {DCM_PixelRepresentation, 0},
      {DCM_SamplesPerPixel, 1}};
  for (const auto& [tag, value] : format) put_number(dataset, tag, value);
}

void set_attributes(DcmDataset& dataset, const std::map<std::string, std::string>& attributes) {
  for (const auto& [name, value] : attributes) {
    DcmTag tag;
    require(DcmTag::findTagFromName(name.c_str(), tag));
    dataset.findAndDeleteElement(tag);
    if (tag.getEVR() == EVR_xs) tag.setVR(EVR_US);
    if (value.empty()) continue;
    DcmElement* element = DcmItem::newDicomElement(tag);
    require(element->putString(value.c_str()));
    require(dataset.insert(element));
  }
}

}  // namespace

void write_synthetic_segmentation(const std::filesystem::path& file,
                                  const SyntheticSegmentation& segmentation) {
  DcmFileFormat format;
  DcmDataset& dataset = *format.getDataset();
  put_image_attributes(dataset, segmentation);
  for (const auto& [number, label] : segmentation.segments) put_segment(dataset, number, label);
  DcmItem& shared = new_item(dataset, DCM_SharedFunctionalGroupsSequence);
  if (!segmentation.measures_in_frames) put_measures(shared, segmentation);
  for (const SyntheticFrame& frame : segmentation.frames) put_frame(dataset, segmentation, frame);
  put_pixels(dataset, segmentation);
  const E_TransferSyntax syntax = syntax_of(segmentation.syntax);
  if (DcmXfer(syntax).isEncapsulated()) require(dataset.chooseRepresentation(syntax, nullptr));
  set_attributes(dataset, segmentation.attributes);
  require(format.saveFile(file.c_str(), syntax));
}

}  // namespace hepar::dicom
