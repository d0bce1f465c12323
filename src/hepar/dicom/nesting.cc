// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/nesting.h"

#include <dcmtk/config/osconfig.h>
// osconfig.h must come first
#include <dcmtk/dcmdata/dcistrmf.h>
#include <dcmtk/dcmdata/dctk.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
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
  bool explicit_vr = true, big_endian = false, deflated = false;
  offile_off_t start = 0;  // of the data set
};

// The bytes of a data set in their order, inflated where they are not.
class Stream {
 public:
  Stream(const fs::path& file, const Encoding& encoding)
      : stream_(file.c_str(), encoding.start), big_endian_(encoding.big_endian) {
    if (encoding.deflated) stream_.installCompressionFilter(ESC_zlib);
  }
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
  unsigned number(const unsigned char* bytes, int count) const {
    unsigned value = 0;
    for (int n = 0; n < count; ++n) value = value << 8 | bytes[big_endian_ ? n : count - 1 - n];
    return value;
  }

 private:
  DcmInputFileStream stream_;
  bool big_endian_;
  std::uint64_t position_ = 0;
};

struct Element {
  unsigned group = 0, element = 0;
  std::string vr;  // empty: not stated
  Uint32 length = 0;
  bool operator==(const DcmTagKey& tag) const {
    return group == tag.getGroup() && element == tag.getElement();
  }
};

// The next element's header; nothing at the end of the bytes.
std::optional<Element> read_header(Stream& stream, bool explicit_vr) {
  Bytes bytes{};
  if (stream.read(bytes.data(), 8) != 8) return std::nullopt;
  Element element{stream.number(bytes.data(), 2), stream.number(bytes.data() + 2, 2), "", 0};
  element.length = stream.number(bytes.data() + 4, 4);
  if (!explicit_vr || element.group == 0xfffe) return element;
  element.vr.assign(reinterpret_cast<const char*>(bytes.data()) + 4, 2);
  const DcmVR vr(element.vr.c_str());
  element.length = stream.number(bytes.data() + 6, 2);
  if (!vr.usesExtendedLengthEncoding()) return element;
  if (stream.read(bytes.data(), 4) != 4) return std::nullopt;
  element.length = stream.number(bytes.data(), 4);
  return element;
}

Encoding encoding_of(const fs::path& file) {
  std::array<char, 132> start{};
  Encoding encoding;
  Stream whole(file, {});
  const bool preamble = whole.read(start.data(), start.size()) == start.size() &&
                        std::string_view(start.data() + 128, 4) == "DICM";
  encoding.start = preamble ? 132 : 0;
  Stream meta(file, encoding);
  std::string syntax;
  for (std::uint64_t before = 0;; before = meta.position()) {
    const auto element = read_header(meta, true);
    if (!element || element->group != 2) {
      encoding.start += static_cast<offile_off_t>(before);
      break;
    }
    std::string value(std::min<Uint32>(element->length, 64), '\0');
    if (meta.read(value.data(), value.size()) != value.size() || !meta.skip(element->length - value.size()))
      break;
    if (*element == DCM_TransferSyntaxUID) syntax = value.c_str();
  }
  while (syntax.ends_with(' ')) syntax.pop_back();
  Bytes first{};
  Stream body(file, encoding);
  body.read(first.data(), first.size());
  if (syntax.empty()) {  // as DCMTK guesses it
    encoding.big_endian = first[0] == 0 && first[1] != 0;
    encoding.explicit_vr = first[4] >= 'A' && first[4] <= 'Z' && first[5] >= 'A' && first[5] <= 'Z';
    return encoding;
  }
  const DcmXfer transfer_syntax(syntax.c_str());
  encoding.explicit_vr = transfer_syntax.isExplicitVR();
  encoding.big_endian = transfer_syntax.isBigEndian();
  encoding.deflated = transfer_syntax.getStreamCompression() == ESC_zlib;
  return encoding;
}

bool may_be_sequence(const Element& element) {
  if (element.length == kUndefined) return true;
  if (!element.vr.empty()) return element.vr == "SQ";
  return DcmTag(static_cast<Uint16>(element.group), static_cast<Uint16>(element.element)).getEVR() == EVR_SQ;
}

// The deepest level of items up to the pixels; nothing when the headers make no sense.
std::optional<std::size_t> depth_of(const fs::path& file, const Encoding& encoding) {
  Stream stream(file, encoding);
  std::vector<std::uint64_t> ends;  // of what is open: sequences and items; the largest number: not stated
  constexpr std::uint64_t kOpen = ~std::uint64_t{0};
  std::size_t deepest = 0;
  while (const auto element = read_header(stream, encoding.explicit_vr)) {
    const bool delimiter = *element == DCM_ItemDelimitationItem || *element == DCM_SequenceDelimitationItem;
    if (element->group == 0x7fe0 && ends.empty()) break;
    if (delimiter) {
      if (ends.empty()) return std::nullopt;
      ends.pop_back();
    } else if (*element == DCM_Item || may_be_sequence(*element)) {
      ends.push_back(element->length == kUndefined ? kOpen : stream.position() + element->length);
      deepest = std::max(deepest, ends.size());
      if (deepest > 2 * kDeepest) break;
    } else if (!stream.skip(element->length)) {
      return std::nullopt;
    }
    while (!ends.empty() && ends.back() != kOpen && stream.position() >= ends.back()) {
      if (stream.position() > ends.back()) return std::nullopt;
      ends.pop_back();
    }
  }
  return (deepest + 1) / 2;  // a sequence and its item are one level
}

std::int64_t item_count(const fs::path& file, const Encoding& encoding) {
  Stream stream(file, encoding);
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

}  // namespace

void check_nesting(const fs::path& file) {
  const Encoding encoding = encoding_of(file);
  const auto depth = depth_of(file, encoding);
  const bool deep = depth ? *depth > kDeepest : item_count(file, encoding) > kMostItems;
  if (!deep) return;
  throw Error(ErrorCode::kCorrupt,
              fmt::format("{} is a damaged DICOM file: its sequences are nested more than {} deep or without "
                          "end; copy it again or remove it",
                          file.string(), kDeepest));
}

}  // namespace hepar::dicom
