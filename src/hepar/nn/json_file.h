// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "hepar/core/file.h"
#include "hepar/nn/json_node.h"

namespace hepar {

// Error(kMissing) when there is no such file, Error(kCorrupt) when it is no JSON.
inline JsonNode::Json parse_json_file(const std::filesystem::path& path) {
  JsonNode::Json document = JsonNode::Json::parse(read_text_file(path), nullptr, false);
  if (document.is_discarded()) {
    throw Error(ErrorCode::kCorrupt, fmt::format("{} is not JSON; it may be truncated", path.string()));
  }
  return document;
}

}  // namespace hepar
