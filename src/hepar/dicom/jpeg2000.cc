// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/jpeg2000.h"

#include <fmt/format.h>
#include <openjpeg.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include "hepar/core/error.h"

namespace hepar::dicom {
namespace {
using Bytes = std::span<const std::uint8_t>;

[[noreturn]] void damaged(const std::string& why) {
  throw Error(ErrorCode::kCorrupt, "the JPEG 2000 image is damaged: " + why);
}

// From the marker SOC, which the marker SIZ follows, to the end. What may lie before are boxes of the JP2
// format, which DICOM does not allow and some writers leave in.
Bytes codestream_in(Bytes bytes) {
  constexpr std::array<std::uint8_t, 4> kStart{0xff, 0x4f, 0xff, 0x51};
  const auto start = std::search(bytes.begin(), bytes.end(), kStart.begin(), kStart.end());
  if (start == bytes.end()) damaged("it holds no codestream");
  return bytes.subspan(static_cast<std::size_t>(start - bytes.begin()));
}

// Before OpenJPEG sees it, so that no header makes it take memory for another image than the one expected.
void check_size(Bytes codestream, std::uint32_t columns, std::uint32_t rows) {
  constexpr std::size_t kFirstNumber = 8;  // of Xsiz after SOC, SIZ, Lsiz and Rsiz; A.5.1
  if (codestream.size() < kFirstNumber + 8 * 4) damaged("its header is cut short");
  std::array<std::uint64_t, 8> number{};  // Xsiz Ysiz XOsiz YOsiz XTsiz YTsiz XTOsiz YTOsiz
  for (std::size_t n = 0; n < number.size(); ++n) {
    for (std::size_t byte = 0; byte < 4; ++byte)
      number[n] = number[n] << 8 | codestream[kFirstNumber + 4 * n + byte];
  }
  if (number[0] - number[2] != columns || number[1] - number[3] != rows) {
    damaged(fmt::format("it has {} x {} pixels instead of {} x {}", number[0] - number[2],
                        number[1] - number[3], columns, rows));
  }
  constexpr std::uint64_t kMostTiles = 1024;
  if (number[4] == 0 || number[5] == 0 ||
      (number[0] / number[4] + 1) * (number[1] / number[5] + 1) > kMostTiles) {
    damaged(fmt::format("it states more than {} tiles", kMostTiles));
  }
}

struct Source {
  Bytes bytes;
  std::size_t position = 0;
};

OPJ_SIZE_T read_source(void* buffer, OPJ_SIZE_T wanted, void* user) {
  auto& source = *static_cast<Source*>(user);
  const std::size_t count = std::min<std::size_t>(wanted, source.bytes.size() - source.position);
  if (count == 0) return static_cast<OPJ_SIZE_T>(-1);
  std::memcpy(buffer, source.bytes.data() + source.position, count);
  source.position += count;
  return count;
}

OPJ_OFF_T skip_source(OPJ_OFF_T wanted, void* user) {
  auto& source = *static_cast<Source*>(user);
  if (wanted < 0) return -1;
  const std::size_t count = std::min(static_cast<std::size_t>(wanted), source.bytes.size() - source.position);
  source.position += count;
  return static_cast<OPJ_OFF_T>(count);
}

OPJ_BOOL seek_source(OPJ_OFF_T position, void* user) {
  auto& source = *static_cast<Source*>(user);
  if (position < 0 || static_cast<std::size_t>(position) > source.bytes.size()) return OPJ_FALSE;
  source.position = static_cast<std::size_t>(position);
  return OPJ_TRUE;
}

using Codec = std::unique_ptr<opj_codec_t, decltype(&opj_destroy_codec)>;
using Image = std::unique_ptr<opj_image_t, decltype(&opj_image_destroy)>;
using Stream = std::unique_ptr<opj_stream_t, decltype(&opj_stream_destroy)>;

Stream stream_of(Source& source) {
  Stream stream(opj_stream_default_create(OPJ_TRUE), opj_stream_destroy);
  opj_stream_set_user_data(stream.get(), &source, nullptr);
  opj_stream_set_user_data_length(stream.get(), source.bytes.size());
  opj_stream_set_read_function(stream.get(), read_source);
  opj_stream_set_skip_function(stream.get(), skip_source);
  opj_stream_set_seek_function(stream.get(), seek_source);
  return stream;
}

Image decode(Bytes codestream) {
  Source source{codestream};
  const Stream stream = stream_of(source);
  // Without handlers OpenJPEG prints nothing.
  const Codec codec(opj_create_decompress(OPJ_CODEC_J2K), opj_destroy_codec);
  opj_dparameters_t parameters;
  opj_set_default_decoder_parameters(&parameters);
  opj_image_t* read = nullptr;
  const bool has_header = opj_setup_decoder(codec.get(), &parameters) != OPJ_FALSE &&
                          opj_read_header(stream.get(), codec.get(), &read) != OPJ_FALSE;
  Image image(read, opj_image_destroy);
  if (!has_header) damaged("its header can't be read");
  if (image->numcomps != 1)
    damaged(fmt::format("it has {} components, a CT or mask has one", image->numcomps));
  if (opj_decode(codec.get(), stream.get(), image.get()) == OPJ_FALSE ||
      opj_end_decompress(codec.get(), stream.get()) == OPJ_FALSE) {
    damaged("its pixels can't be decoded");
  }
  return image;
}

}  // namespace

void decode_jpeg2000(Bytes bytes, std::uint32_t columns, std::uint32_t rows, std::span<std::uint8_t> pixels) {
  const std::size_t count = std::size_t{columns} * rows;
  HEPAR_EXPECT(pixels.size() == count || pixels.size() == 2 * count, "8 or 16 bits per pixel");
  const Bytes codestream = codestream_in(bytes);
  check_size(codestream, columns, rows);
  const Image image = decode(codestream);
  const opj_image_comp_t& component = image->comps[0];
  const std::size_t width_bytes = pixels.size() / count;
  if (component.w != columns || component.h != rows || component.data == nullptr ||
      component.prec > 8 * width_bytes) {
    damaged(fmt::format("it has {} x {} pixels of {} bits", component.w, component.h, component.prec));
  }
  for (std::size_t n = 0; n < count; ++n) {
    // Of negative values the two's complement, as uncompressed pixels have it.
    const auto value = static_cast<std::uint16_t>(component.data[n]);
    if (width_bytes == 1) {
      pixels[n] = static_cast<std::uint8_t>(value);
    } else {
      std::memcpy(&pixels[2 * n], &value, 2);
    }
  }
}

}  // namespace hepar::dicom
