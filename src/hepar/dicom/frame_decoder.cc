// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/frame_decoder.h"

#include <dcmtk/dcmdata/dccodec.h>
#include <dcmtk/dcmdata/dcpixel.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "hepar/core/error.h"
#include "hepar/dicom/attributes.h"
#include "hepar/dicom/jpeg2000.h"
#include "hepar/dicom/rle.h"

namespace hepar::dicom {
namespace {

bool is_jpeg2000(E_TransferSyntax syntax) {
  return syntax == EXS_JPEG2000LosslessOnly || syntax == EXS_JPEG2000;
}

void require(const OFCondition& status, std::uint32_t frame) {
  if (status.good()) return;
  throw Error(ErrorCode::kCorrupt, fmt::format("frame {} can't be decoded ({})", frame + 1, status.text()));
}

// The bytes of one frame, whose fragments are found by the offset table where there are several per frame.
std::vector<std::uint8_t> compressed_frame(DcmDataset& dataset, DcmPixelSequence& fragments,
                                           std::uint32_t frame) {
  const auto frames = static_cast<Sint32>(whole(dataset, DCM_NumberOfFrames, 1));
  const auto fragment_count = static_cast<std::uint32_t>(fragments.card());
  Uint32 first = 1, end = fragment_count;
  if (frames > 1) require(DcmCodec::determineStartFragment(frame, frames, &fragments, first), frame);
  if (static_cast<Sint32>(frame) + 1 < frames) {
    require(DcmCodec::determineStartFragment(frame + 1, frames, &fragments, end), frame);
  }
  std::vector<std::uint8_t> bytes;
  for (Uint32 n = first; n < std::min<Uint32>(end, fragment_count); ++n) {
    DcmPixelItem* fragment = nullptr;
    Uint8* content = nullptr;
    require(fragments.getItem(fragment, n), frame);
    require(fragment->getUint8Array(content), frame);
    if (content != nullptr) bytes.insert(bytes.end(), content, content + fragment->getLength());
  }
  return bytes;
}

void decode_by_dcmtk(DcmDataset& dataset, DcmPixelData& data, std::uint32_t frame,
                     std::span<std::uint8_t> pixels) {
  Uint32 size = 0, fragment = 0;
  require(data.getUncompressedFrameSize(&dataset, size), frame);
  if (size != pixels.size() && size != pixels.size() + pixels.size() % 2) {
    throw Error(ErrorCode::kCorrupt,
                fmt::format("its frames have {} bytes instead of {}", size, pixels.size()));
  }
  std::vector<std::uint8_t> even(size + size % 2);
  OFString colours;
  require(data.getUncompressedFrame(&dataset, frame, fragment, even.data(), static_cast<Uint32>(even.size()),
                                    colours),
          frame);
  std::copy_n(even.begin(), pixels.size(), pixels.begin());
}

}  // namespace

bool can_decode(E_TransferSyntax syntax) {
  return is_jpeg2000(syntax) || DcmCodecList::canChangeCoding(syntax, EXS_LittleEndianExplicit);
}

std::string unknown_transfer_syntax(DcmFileFormat& file) {
  const std::string uid = text(*file.getMetaInfo(), DCM_TransferSyntaxUID);
  if (uid.empty() || DcmXfer(uid.c_str()).getXfer() != EXS_Unknown) return "";
  // PS3.6 A-1, of those newer than DCMTK 3.6.7.
  constexpr std::pair<std::string_view, std::string_view> kNames[] = {
      {"1.2.840.10008.1.2.4.11", "JPEG XL"},
      {"1.2.840.10008.1.2.4.20", "High-Throughput JPEG 2000"},
      {"1.2.840.10008.1.2.8.", "deflated frames"}};
  for (const auto& [start, name] : kNames) {
    if (uid.starts_with(start)) return std::string(name);
  }
  return fmt::format("the unknown transfer syntax {}", uid);
}

void decode_frame(DcmDataset& dataset, std::uint32_t frame, std::span<std::uint8_t> pixels) {
  DcmElement* element = nullptr;
  require(dataset.findAndGetElement(DCM_PixelData, element), frame);
  auto* data = dynamic_cast<DcmPixelData*>(element);
  const E_TransferSyntax syntax = dataset.getOriginalXfer();
  DcmPixelSequence* fragments = nullptr;
  if (data == nullptr || data->getEncapsulatedRepresentation(syntax, nullptr, fragments).bad() ||
      fragments == nullptr) {
    throw Error(ErrorCode::kCorrupt, "it states compressed pixels and holds none");
  }
  if (syntax == EXS_RLELossless) {
    return decode_rle(compressed_frame(dataset, *fragments, frame),
                      static_cast<int>(whole(dataset, DCM_BitsAllocated, 0) / 8), pixels);
  }
  if (!is_jpeg2000(syntax)) return decode_by_dcmtk(dataset, *data, frame, pixels);
  decode_jpeg2000(compressed_frame(dataset, *fragments, frame),
                  static_cast<std::uint32_t>(whole(dataset, DCM_Columns, 0)),
                  static_cast<std::uint32_t>(whole(dataset, DCM_Rows, 0)), pixels);
}

}  // namespace hepar::dicom
