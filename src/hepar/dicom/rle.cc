// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/rle.h"

#include <fmt/format.h>

#include <algorithm>

#include "hepar/core/error.h"

namespace hepar::dicom {
namespace {
using Bytes = std::span<const std::uint8_t>;

[[noreturn]] void damaged(const std::string& why) {
  throw Error(ErrorCode::kCorrupt, "the run length encoded image is damaged: " + why);
}

std::uint32_t number_at(Bytes frame, std::size_t at) {
  return frame[at] | static_cast<std::uint32_t>(frame[at + 1]) << 8 |
         static_cast<std::uint32_t>(frame[at + 2]) << 16 | static_cast<std::uint32_t>(frame[at + 3]) << 24;
}

// Fills every `step`th byte of `pixels` with a segment's bytes (G.3.1).
void decode_segment(Bytes segment, std::size_t step, std::span<std::uint8_t> pixels) {
  std::size_t at = 0, out = 0;
  const auto put = [&](std::uint8_t value) {
    pixels[out] = value;
    out += step;
  };
  while (out < pixels.size()) {
    if (at + 1 >= segment.size()) damaged("a segment of it is cut short");
    const std::size_t code = segment[at++];
    if (code > 128) {
      const std::uint8_t value = segment[at++];
      for (std::size_t n = 0; n < 257 - code && out < pixels.size(); ++n) put(value);
    } else if (code < 128) {
      if (segment.size() - at < code + 1) damaged("a segment of it is cut short");
      for (std::size_t n = 0; n < code + 1 && out < pixels.size(); ++n) put(segment[at + n]);
      at += code + 1;
    }
  }
}

}  // namespace

void decode_rle(Bytes frame, int bytes_per_pixel, std::span<std::uint8_t> pixels) {
  constexpr std::size_t kHeaderBytes = 64;  // the number of segments, then their offsets
  const auto width = static_cast<std::size_t>(bytes_per_pixel);
  if (frame.size() < kHeaderBytes) damaged("its header is cut short");
  if (const std::uint32_t segments = number_at(frame, 0); segments != width)
    damaged(fmt::format("it has {} segments for {} bytes per pixel", segments, width));
  for (std::size_t n = 0; n < width; ++n) {
    const std::size_t begin = number_at(frame, 4 + 4 * n),
                      end = n + 1 < width ? number_at(frame, 8 + 4 * n) : frame.size();
    if (begin < kHeaderBytes || begin > end || end > frame.size())
      damaged("a segment of it lies outside of its frame");
    decode_segment(frame.subspan(begin, end - begin), width,
                   pixels.subspan(width - 1 - n));  // the high byte first
  }
}

}  // namespace hepar::dicom
