// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/synthetic_jpeg2000.h"

#include <openjpeg.h>

#include <algorithm>
#include <stdexcept>

namespace hepar::dicom {
namespace {

struct Sink {
  std::vector<std::uint8_t> bytes;
  std::size_t position = 0;

  void reach(std::size_t end) { bytes.resize(std::max(bytes.size(), end)); }
};

OPJ_SIZE_T write_sink(void* buffer, OPJ_SIZE_T count, void* user) {
  auto& sink = *static_cast<Sink*>(user);
  sink.reach(sink.position + count);
  std::copy_n(static_cast<const std::uint8_t*>(buffer), count, &sink.bytes[sink.position]);
  sink.position += count;
  return count;
}

OPJ_OFF_T skip_sink(OPJ_OFF_T count, void* user) {
  auto& sink = *static_cast<Sink*>(user);
  sink.position += static_cast<std::size_t>(count);
  sink.reach(sink.position);
  return count;
}

OPJ_BOOL seek_sink(OPJ_OFF_T position, void* user) {
  static_cast<Sink*>(user)->position = static_cast<std::size_t>(position);
  return OPJ_TRUE;
}

}  // namespace

std::vector<std::uint8_t> encode_jpeg2000(const std::vector<std::uint16_t>& pixels, std::uint32_t columns,
                                          std::uint32_t rows, std::uint32_t bits, bool is_signed) {
  opj_image_cmptparm_t component{};
  component.dx = component.dy = 1;
  component.w = columns, component.h = rows;
  component.prec = bits, component.sgnd = is_signed ? 1 : 0;
  opj_image_t* image = opj_image_create(1, &component, OPJ_CLRSPC_GRAY);
  image->x1 = columns, image->y1 = rows;
  for (std::size_t n = 0; n < pixels.size(); ++n) {
    image->comps[0].data[n] = is_signed ? static_cast<std::int16_t>(pixels[n]) : pixels[n];
  }
  opj_cparameters_t parameters;
  opj_set_default_encoder_parameters(&parameters);
  parameters.numresolution = 2;  // of an image of a few pixels
  parameters.tcp_numlayers = 1, parameters.cp_disto_alloc = 1;
  Sink sink;
  opj_stream_t* stream = opj_stream_default_create(OPJ_FALSE);
  opj_stream_set_user_data(stream, &sink, nullptr);
  opj_stream_set_write_function(stream, write_sink);
  opj_stream_set_skip_function(stream, skip_sink);
  opj_stream_set_seek_function(stream, seek_sink);
  opj_codec_t* codec = opj_create_compress(OPJ_CODEC_J2K);
  const bool done = opj_setup_encoder(codec, &parameters, image) != OPJ_FALSE &&
                    opj_start_compress(codec, image, stream) != OPJ_FALSE &&
                    opj_encode(codec, stream) != OPJ_FALSE && opj_end_compress(codec, stream) != OPJ_FALSE;
  opj_destroy_codec(codec);
  opj_stream_destroy(stream);
  opj_image_destroy(image);
  if (!done) throw std::runtime_error("OpenJPEG can't encode the test's image");
  return sink.bytes;
}

}  // namespace hepar::dicom
