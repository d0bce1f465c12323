// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/synthetic_series.h"

#include <dcmtk/config/osconfig.h>
// osconfig.h must come first
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <dcmtk/dcmdata/dctk.h>
#include <fmt/format.h>

#include <numeric>
#include <stdexcept>

#include "hepar/dicom/synthetic_jpeg2000.h"
#include "hepar/dicom/synthetic_syntax.h"

namespace hepar::dicom {
namespace {

void require(const OFCondition& status) {
  if (status.bad()) throw std::runtime_error(status.text());
}

// One frame of compressed bytes.
void put_frame(DcmDataset& dataset, E_TransferSyntax syntax, std::vector<std::uint8_t> frame) {
  auto* sequence = new DcmPixelSequence(DcmTag(DCM_PixelData, EVR_OB));
  sequence->insert(new DcmPixelItem(DcmTag(DCM_Item, EVR_OB)));
  DcmOffsetList offsets;
  require(sequence->storeCompressedFrame(offsets, frame.data(), static_cast<Uint32>(frame.size()), 0));
  auto* pixels = new DcmPixelData(DCM_PixelData);
  pixels->putOriginalRepresentation(syntax, nullptr, sequence);
  require(dataset.insert(pixels, OFTrue));
}

std::map<std::string, std::string> default_attributes(const SyntheticSlice& slice) {
  return {{"Modality", "CT"},
          {"SOPClassUID", UID_CTImageStorage},
          {"SOPInstanceUID", fmt::format("1.2.3.9.{}.{}", slice.first_pixel, slice.series_uid.size())},
          {"StudyInstanceUID", "1.2.3.5"},
          {"SeriesInstanceUID", slice.series_uid},
          {"FrameOfReferenceUID", "1.2.3.6"},
          {"PatientID", "secret-id"},
          {"PatientName", "Secret^Name"},
          {"ImageType", "ORIGINAL\\PRIMARY\\AXIAL"},
          {"ImagePositionPatient", fmt::format("-100\\-120\\{}", slice.z_mm)},
          {"ImageOrientationPatient", "1\\0\\0\\0\\1\\0"},
          {"PixelSpacing", "0.8\\0.7"},
          {"RescaleSlope", "1"},
          {"RescaleIntercept", "-1024"},
          {"KVP", "120"},
          {"SliceThickness", "5"}};
}

std::vector<std::uint16_t> pixels_of(const SyntheticSlice& slice) {
  if (!slice.pixels.empty()) return slice.pixels;
  std::vector<std::uint16_t> pixels(kSyntheticRows * kSyntheticColumns);
  std::iota(pixels.begin(), pixels.end(), slice.first_pixel);
  return pixels;
}

void put_pixels(DcmDataset& dataset, const SyntheticSlice& slice) {
  const std::map<DcmTagKey, Uint16> format{{DCM_Rows, kSyntheticRows}, {DCM_Columns, kSyntheticColumns},
                                           {DCM_BitsAllocated, 16},    {DCM_BitsStored, 16},
                                           {DCM_HighBit, 15},          {DCM_PixelRepresentation, 0},
                                           {DCM_SamplesPerPixel, 1}};
  for (const auto& [tag, value] : format) require(dataset.putAndInsertUint16(tag, value));
  require(dataset.putAndInsertString(DCM_PhotometricInterpretation, "MONOCHROME2"));
  const std::vector<std::uint16_t> pixels = pixels_of(slice);
  if (!slice.without_pixels) {
    require(dataset.putAndInsertUint16Array(DCM_PixelData, pixels.data(),
                                            static_cast<unsigned long>(pixels.size())));
  }
}

void set_attributes(DcmDataset& dataset, const std::map<std::string, std::string>& attributes,
                    bool numbers_as_text) {
  for (const auto& [name, value] : attributes) {
    DcmTag tag;
    require(DcmTag::findTagFromName(name.c_str(), tag));
    dataset.findAndDeleteElement(tag);
    if (value.empty()) continue;
    if (tag.getEVR() == EVR_xs) tag.setVR(value.starts_with('-') ? EVR_SS : EVR_US);
    if (tag.getEVR() == EVR_DS && numbers_as_text) tag.setVR(EVR_LO);
    DcmElement* element = DcmItem::newDicomElement(tag);
    require(element->putString(value.c_str()));
    require(dataset.insert(element));
  }
}

}  // namespace

void write_slice(const std::filesystem::path& file, const SyntheticSlice& slice) {
  DcmFileFormat format;
  DcmDataset& dataset = *format.getDataset();
  set_attributes(dataset, default_attributes(slice), slice.numbers_as_text);
  put_pixels(dataset, slice);
  const E_TransferSyntax syntax = syntax_of(slice.syntax);
  if (syntax == EXS_JPEG2000LosslessOnly) {
    put_frame(dataset, syntax, encode_jpeg2000(pixels_of(slice), kSyntheticColumns, kSyntheticRows));
  } else if (syntax == EXS_MPEG2MainProfileAtMainLevel) {
    put_frame(dataset, syntax, std::vector<std::uint8_t>(64));
  } else if (DcmXfer(syntax).isEncapsulated()) {
    require(dataset.chooseRepresentation(syntax, nullptr));
  }
  set_attributes(dataset, slice.attributes, slice.numbers_as_text);
  require(format.saveFile(file.c_str(), syntax));
}

std::vector<SyntheticSlice> even_slices(int count) {
  std::vector<SyntheticSlice> slices(static_cast<std::size_t>(count));
  for (std::size_t n = 0; n < slices.size(); ++n) {
    slices[n].z_mm = 5 * static_cast<double>(n);
    slices[n].first_pixel = static_cast<std::uint16_t>(100 * n);
  }
  return slices;
}

void write_slices(const std::filesystem::path& folder, const std::vector<SyntheticSlice>& slices) {
  for (std::size_t n = 0; n < slices.size(); ++n) write_slice(folder / fmt::format("{}.dcm", n), slices[n]);
}

}  // namespace hepar::dicom
