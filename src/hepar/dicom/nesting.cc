// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/nesting.h"

#include <dcmtk/config/osconfig.h>
// osconfig.h must come first
#include <dcmtk/dcmdata/dcistrmb.h>
#include <dcmtk/dcmdata/dcistrmf.h>
#include <dcmtk/dcmdata/dctk.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hepar/core/error.h"

namespace hepar::dicom {
namespace {
namespace fs = std::filesystem;

constexpr std::size_t kDeepest = 64;       // real objects have fewer than 10 levels
constexpr std::int64_t kMostItems = 1000;  // levels that surely fit on a thread's stack
constexpr Uint32 kUndefined = 0xffffffff;

using Bytes = std::array<unsigned char, 8>;

struct Encoding {
  bool explicit_vr = true, big_endian = false;
};

// The bytes of a data set in their order, inflated where they are not.
class Stream {
 public:
  explicit Stream(DcmInputStream& stream) : stream_(stream) {}
  std::size_t read(void* bytes, std::size_t count) {
    std::size_t done = 0;
    while (done < count && stream_.good()) {
      const offile_off_t got =
          stream_.read(static_cast<char*>(bytes) + done, static_cast<offile_off_t>(count - done));
      if (got <= 0) break;
      done += static_cast<std::size_t>(got);
    }
    position_ += done;
    return done;
  }
  bool skip(std::uint64_t count) {
    std::uint64_t done = 0;
    while (done < count && stream_.good()) {
      const offile_off_t got = stream_.skip(static_cast<offile_off_t>(count - done));
      if (got <= 0) break;
      done += static_cast<std::uint64_t>(got);
    }
    position_ += done;
    return done == count;
  }
  std::uint64_t position() const { return position_; }

 private:
  DcmInputStream& stream_;
  std::uint64_t position_ = 0;
};

unsigned number(const unsigned char* bytes, int count, const Encoding& encoding) {
  unsigned value = 0;
  for (int n = 0; n < count; ++n) value = value << 8 | bytes[encoding.big_endian ? n : count - 1 - n];
  return value;
}

struct Element {
  unsigned group = 0, element = 0;
  std::string vr;  // empty: not stated
  Uint32 length = 0;
  bool operator==(const DcmTagKey& tag) const {
    return group == tag.getGroup() && element == tag.getElement();
  }
};

// The next element's header; nothing at the end of the bytes.
std::optional<Element> read_header(Stream& stream, const Encoding& encoding) {
  Bytes bytes{};
  if (stream.read(bytes.data(), 8) != 8) return std::nullopt;
  Element element{number(bytes.data(), 2, encoding), number(bytes.data() + 2, 2, encoding), "", 0};
  element.length = number(bytes.data() + 4, 4, encoding);
  if (!encoding.explicit_vr || element.group == 0xfffe) return element;
  element.vr.assign(reinterpret_cast<const char*>(bytes.data()) + 4, 2);
  const DcmVR vr(element.vr.c_str());
  element.length = number(bytes.data() + 6, 2, encoding);
  if (!vr.usesExtendedLengthEncoding()) return element;
  if (stream.read(bytes.data(), 4) != 4) return std::nullopt;
  element.length = number(bytes.data(), 4, encoding);
  return element;
}

// Where a file's data set begins and how it is encoded.
struct DataSetPlace {
  offile_off_t start = 0;
  Encoding encoding;
  bool deflated = false;
};

DataSetPlace data_set_in(const fs::path& file) {
  std::array<char, 132> start{};
  DcmInputFileStream whole(file.c_str());
  const bool preamble = Stream(whole).read(start.data(), start.size()) == start.size() &&
                        std::string_view(start.data() + 128, 4) == "DICM";
  DataSetPlace place{preamble ? 132 : 0, {}, false};
  DcmInputFileStream meta_file(file.c_str(), place.start);
  Stream meta(meta_file);
  std::string syntax;
  for (std::uint64_t before = 0;; before = meta.position()) {
    const auto element = read_header(meta, {});
    if (!element || element->group != 2) {
      place.start += static_cast<offile_off_t>(before);
      break;
    }
    std::string value(std::min<Uint32>(element->length, 64), '\0');
    if (meta.read(value.data(), value.size()) != value.size() || !meta.skip(element->length - value.size()))
      break;
    if (*element == DCM_TransferSyntaxUID) syntax = value.c_str();
  }
  while (syntax.ends_with(' ')) syntax.pop_back();
  Bytes first{};
  DcmInputFileStream body(file.c_str(), place.start);
  Stream(body).read(first.data(), first.size());
  if (syntax.empty()) {  // as DCMTK guesses it
    place.encoding.big_endian = first[0] == 0 && first[1] != 0;
    place.encoding.explicit_vr = first[4] >= 'A' && first[4] <= 'Z' && first[5] >= 'A' && first[5] <= 'Z';
    return place;
  }
  const DcmXfer transfer_syntax(syntax.c_str());
  place.encoding = {static_cast<bool>(transfer_syntax.isExplicitVR()),
                    static_cast<bool>(transfer_syntax.isBigEndian())};
  place.deflated = transfer_syntax.getStreamCompression() == ESC_zlib;
  return place;
}

bool may_be_sequence(const Element& element) {
  if (element.length == kUndefined) return true;
  if (!element.vr.empty()) return element.vr == "SQ";
  return DcmTag(static_cast<Uint16>(element.group), static_cast<Uint16>(element.element)).getEVR() == EVR_SQ;
}

// A sequence or an item that is open.
struct Open {
  std::uint64_t end = 0;  // the largest number: not stated
  Encoding encoding;      // of what is in it
};

// What is in an element of VR UN and undefined length is implicit VR little endian (PS3.5 6.2.2).
Encoding encoding_within(const Element& element, const Encoding& around) {
  return element.vr == "UN" ? Encoding{false, false} : around;
}

// The deepest level of items up to the pixels; nothing when the headers make no sense.
std::optional<std::size_t> depth_of(Stream stream, const Encoding& outermost) {
  constexpr std::uint64_t kNoEnd = ~std::uint64_t{0};
  std::vector<Open> open;
  std::size_t deepest = 0;
  const auto encoding = [&] { return open.empty() ? outermost : open.back().encoding; };
  while (const auto element = read_header(stream, encoding())) {
    const bool delimiter = *element == DCM_ItemDelimitationItem || *element == DCM_SequenceDelimitationItem;
    if (element->group == 0x7fe0 && open.empty()) break;
    if (delimiter) {
      if (open.empty()) return std::nullopt;
      open.pop_back();
    } else if (*element == DCM_Item || may_be_sequence(*element)) {
      const std::uint64_t end = element->length == kUndefined ? kNoEnd : stream.position() + element->length;
      open.push_back({end, encoding_within(*element, encoding())});
      deepest = std::max(deepest, open.size());
      if (deepest > 2 * kDeepest) break;
    } else if (!stream.skip(element->length)) {
      return std::nullopt;
    }
    while (!open.empty() && open.back().end != kNoEnd && stream.position() >= open.back().end) {
      if (stream.position() > open.back().end) return std::nullopt;
      open.pop_back();
    }
  }
  return (deepest + 1) / 2;  // a sequence and its item are one level
}

std::int64_t item_count(Stream stream, const Encoding& encoding) {
  const std::string_view tag =
      encoding.big_endian ? std::string_view("\xff\xfe\xe0\x00", 4) : std::string_view("\xfe\xff\x00\xe0", 4);
  std::string block(std::size_t{1} << 16, '\0');
  std::int64_t count = 0;
  std::size_t kept = 0;  // bytes of the last block's end, which an item tag may begin in
  while (const std::size_t got = stream.read(block.data() + kept, block.size() - kept)) {
    const std::string_view bytes(block.data(), kept + got);
    for (std::size_t at = bytes.find(tag); at != std::string_view::npos; at = bytes.find(tag, at + 4))
      ++count;
    kept = std::min<std::size_t>(3, bytes.size());
    std::copy(bytes.end() - static_cast<std::ptrdiff_t>(kept), bytes.end(), block.begin());
  }
  return count;
}

// Whether what make_stream() reads, from its start each time, is nested too deep.
template <class MakeStream>
bool is_too_deep(const MakeStream& make_stream, const Encoding& encoding) {
  const auto stream = make_stream();
  if (const auto depth = depth_of(Stream(*stream), encoding)) return *depth > kDeepest;
  const auto again = make_stream();
  return item_count(Stream(*again), encoding) > kMostItems;
}

}  // namespace

void check_nesting(const fs::path& file) {
  const DataSetPlace place = data_set_in(file);
  const auto make_stream = [&] {
    auto stream = std::make_unique<DcmInputFileStream>(file.c_str(), place.start);
    if (place.deflated) stream->installCompressionFilter(ESC_zlib);
    return stream;
  };
  if (!is_too_deep(make_stream, place.encoding)) return;
  throw Error(ErrorCode::kCorrupt,
              fmt::format("{} is a damaged DICOM file: its sequences are nested more than {} deep or without "
                          "end; copy it again or remove it",
                          file.string(), kDeepest));
}

void check_nesting(std::span<const std::uint8_t> elements) {
  const auto make_stream = [&] {
    auto stream = std::make_unique<DcmInputBufferStream>();
    stream->setBuffer(elements.data(), static_cast<offile_off_t>(elements.size()));
    stream->setEos();
    return stream;
  };
  if (!is_too_deep(make_stream, {false, false})) return;
  throw Error(ErrorCode::kCorrupt,
              fmt::format("its sequences are nested more than {} deep or without end", kDeepest));
}

}  // namespace hepar::dicom
