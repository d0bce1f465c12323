// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/attributes.h"

#include <dcmtk/dcmdata/dcrledrg.h>
#include <dcmtk/dcmdata/dcspchrs.h>
#include <dcmtk/dcmjpeg/djdecode.h>
#include <dcmtk/dcmjpls/djdecode.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <fstream>
#include <limits>
#include <mutex>

#include "hepar/core/error.h"
#include "hepar/dicom/nesting.h"

namespace hepar::dicom {
namespace fs = std::filesystem;

void prepare_dcmtk() {
  static std::once_flag once;
  std::call_once(once, [] {
    OFLog::configure(OFLogger::OFF_LOG_LEVEL);
    DcmRLEDecoderRegistration::registerCodecs();
    DJDecoderRegistration::registerCodecs();
    DJLSDecoderRegistration::registerCodecs();
  });
  if (!dcmDataDict.isDictionaryLoaded()) {
    throw Error(ErrorCode::kMissing, "DCMTK's data dictionary (dicom.dic) is not installed; reinstall DCMTK");
  }
}

namespace {

bool starts_like_dicom(const fs::path& file) {
  std::array<unsigned char, 132> start{};
  std::ifstream stream(file, std::ios::binary);
  stream.read(reinterpret_cast<char*>(start.data()), start.size());
  if (stream.gcount() == 132 &&
      std::string_view(reinterpret_cast<const char*>(start.data()) + 128, 4) == "DICM")
    return true;
  const bool group_2_or_8 = (start[0] == 2 || start[0] == 8) && start[1] == 0;
  return stream.gcount() >= 16 && group_2_or_8 && start[3] == 0 &&
         (start[2] == 0 || start[2] == 5 || start[2] == 8);
}

}  // namespace

bool looks_like_dicom(const fs::path& file) {
  if (!starts_like_dicom(file)) return false;
  check_nesting(file);
  return true;
}

std::string text(DcmItem& item, const DcmTagKey& tag) {
  OFString value;
  if (item.findAndGetOFStringArray(tag, value).bad()) return "";
  const std::string_view whole_value(value.c_str());  // up to a padding NUL
  const auto first = whole_value.find_first_not_of(' '), last = whole_value.find_last_not_of(' ');
  return first == std::string_view::npos ? "" : std::string(whole_value.substr(first, last - first + 1));
}

std::string utf8_text(DcmItem& item, const DcmTagKey& tag) {
  const std::string stored = text(item, tag);
  if (std::ranges::all_of(stored, [](char c) { return static_cast<unsigned char>(c) < 0x80; }) &&
      stored.find('\x1b') == std::string::npos) {
    return stored;
  }
  OFString sets;
  for (DcmItem* holder = &item; holder != nullptr && sets.empty(); holder = holder->getParentItem()) {
    holder->findAndGetOFStringArray(DCM_SpecificCharacterSet, sets);
  }
  DcmSpecificCharacterSet converter;
  OFString converted;
  if (converter.selectCharacterSet(sets).good() &&
      converter.convertString(stored.c_str(), stored.size(), converted, "\\").good()) {
    return converted.c_str();
  }
  std::string plain = stored;
  std::ranges::replace_if(
      plain, [](char c) { return static_cast<unsigned char>(c) >= 0x80 || c == '\x1b'; }, '?');
  return plain;
}

std::vector<double> numbers(DcmItem& item, const DcmTagKey& tag) {
  std::vector<double> result;
  const std::string values = text(item, tag);
  for (std::size_t begin = 0; begin < values.size();) {
    const std::size_t end = std::min(values.find('\\', begin), values.size());
    std::size_t first = values.find_first_not_of(" +", begin);
    double value = 0;
    if (first == std::string::npos || first >= end) return {};
    const auto [rest, error] = std::from_chars(values.data() + first, values.data() + end, value);
    if (error != std::errc() || !std::isfinite(value)) return {};
    if (std::string_view(rest, static_cast<std::size_t>(values.data() + end - rest)).find_first_not_of(' ') !=
        std::string_view::npos) {
      return {};
    }
    result.push_back(value);
    begin = end + 1;
  }
  return result;
}

std::optional<double> number(DcmItem& item, const DcmTagKey& tag) {
  const std::vector<double> values = numbers(item, tag);
  return values.empty() ? std::nullopt : std::optional(values.front());
}

std::optional<std::int64_t> whole(DcmItem& item, const DcmTagKey& tag) {
  const std::optional<double> value = number(item, tag);
  const bool fits = value && *value == std::trunc(*value) &&
                    *value >= std::numeric_limits<std::int32_t>::min() &&
                    *value <= std::numeric_limits<std::int32_t>::max();
  return fits ? std::optional(static_cast<std::int64_t>(*value)) : std::nullopt;
}

std::int64_t whole(DcmItem& item, const DcmTagKey& tag, std::int64_t otherwise) {
  return whole(item, tag).value_or(otherwise);
}

}  // namespace hepar::dicom
