// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "hepar/core/file.h"
#include "hepar/nn/json_node.h"

namespace hepar {

// Python writes NaN and Infinity for numbers that JSON does not have; here they become null.
inline std::string without_nan(std::string text) {
  bool in_string = false;
  for (std::size_t n = 0; n < text.size(); ++n) {
    if (text[n] == '"') in_string = !in_string;
    if (in_string && text[n] == '\\') ++n;
    if (in_string) continue;
    for (const std::string word : {"NaN", "-Infinity", "Infinity"}) {
      if (text.compare(n, word.size(), word) == 0) text.replace(n, word.size(), "null");
    }
  }
  return text;
}

// Error(kMissing) when there is no such file, Error(kCorrupt) when it is no JSON.
inline JsonNode::Json parse_json_file(const std::filesystem::path& path) {
  JsonNode::Json document = JsonNode::Json::parse(without_nan(read_text_file(path)), nullptr, false);
  if (document.is_discarded()) {
    throw Error(ErrorCode::kCorrupt, fmt::format("{} is not JSON; it may be truncated", path.string()));
  }
  return document;
}

}  // namespace hepar
