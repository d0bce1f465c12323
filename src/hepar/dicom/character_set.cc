// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/character_set.h"

#include <dcmtk/config/osconfig.h>
// osconfig.h must come first
#include <dcmtk/dcmdata/dcspchrs.h>

#include <algorithm>

namespace hepar::dicom {
namespace {

std::optional<std::string> convert(const std::string& text, const std::string& from, const std::string& to) {
  DcmSpecificCharacterSet converter;
  OFString converted;
  if (converter.selectCharacterSet(from.c_str(), to.c_str()).bad() ||
      converter.convertString(text.c_str(), text.size(), converted, "").bad()) {
    return std::nullopt;
  }
  return std::string(converted.c_str(), converted.size());
}

}  // namespace

std::size_t character_count(std::string_view utf8) {
  return static_cast<std::size_t>(
      std::ranges::count_if(utf8, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool is_plain_text(std::string_view utf8) {
  if (utf8.empty()) return true;
  const auto forbidden = [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == '\x7f' || c == '\\';
  };
  return !std::ranges::any_of(utf8, forbidden) && utf8.front() != ' ' && utf8.back() != ' ';
}

std::string folded(std::string_view utf8) {
  std::string result(utf8);
  unsigned char before = 0;
  for (char& c : result) {
    const auto byte = static_cast<unsigned char>(c);
    // U+00C0 to U+00DE, but for the sign of multiplication, are C3 80 to C3 9E in UTF-8.
    const bool latin = before == 0xc3 && byte >= 0x80 && byte <= 0x9e && byte != 0x97;
    if ((byte >= 'A' && byte <= 'Z') || latin) c = static_cast<char>(byte + 0x20);
    before = byte;
  }
  return result;
}

std::optional<std::string> encode_text(const std::string& utf8, const std::string& character_set) {
  if (is_ascii(utf8)) return utf8;
  const std::string unicode = "ISO_IR 192";
  if (character_set == unicode) return utf8;
  if (character_set.empty() || character_set.find('\\') != std::string::npos) return std::nullopt;
  const auto encoded = convert(utf8, unicode, character_set);
  // Some converters replace what the set does not hold.
  return encoded && convert(*encoded, character_set, unicode) == utf8 ? encoded : std::nullopt;
}

}  // namespace hepar::dicom
