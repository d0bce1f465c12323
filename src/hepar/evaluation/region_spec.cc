// SPDX-License-Identifier: Apache-2.0
#include "hepar/evaluation/region_spec.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>

#include "hepar/core/error.h"
#include "hepar/volume/volume.h"

namespace hepar {
namespace {

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char letter) {
    return std::isalnum(letter) != 0 || letter == '-' || letter == '_';
  });
}

}  // namespace

std::vector<RegionSpec> default_regions() {
  return {{"liver", {kLiver, kTumour, kCyst}}, {"tumour", {kTumour}}, {"cyst", {kCyst}}};
}

RegionSpec parse_region(std::string_view text) {
  const auto refuse = [text](std::string_view why) -> Error {
    return {ErrorCode::kInvalidInput,
            fmt::format("the region \"{}\" {}; give NAME=LABEL,LABEL such as liver=1,2,3", text, why)};
  };
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) throw refuse("has no \"=\"");
  RegionSpec region{std::string(text.substr(0, equals)), {}};
  if (!is_name(region.name)) throw refuse("has no name of letters, digits, \"-\" and \"_\"");
  for (std::string_view rest = text.substr(equals + 1);;) {
    const std::string_view item = rest.substr(0, rest.find(','));
    int label = 0;
    const auto [end, error] = std::from_chars(item.data(), item.data() + item.size(), label);
    if (error != std::errc() || end != item.data() + item.size() || label < 1 || label > 255) {
      throw refuse(fmt::format("holds \"{}\", which is no label from 1 to 255", item));
    }
    region.labels.push_back(static_cast<std::uint8_t>(label));
    if (item.size() == rest.size()) return region;
    rest.remove_prefix(item.size() + 1);
  }
}

}  // namespace hepar
