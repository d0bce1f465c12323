// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "hepar/core/error.h"

namespace hepar {

// A value inside a JSON file that knows where it stands, so that every error names file and key. Order of
// keys is kept: in nnU-Net's files it has a meaning.
class JsonNode {
 public:
  using Json = nlohmann::ordered_json;
  // Both must outlive the node.
  JsonNode(const Json& value, std::string file, std::string key = "")
      : value_(&value), file_(std::move(file)), key_(std::move(key)) {}

  [[noreturn]] void fail(const std::string& what, ErrorCode code = ErrorCode::kInvalidInput) const {
    throw Error(code,
                fmt::format("{}: {} {}", file_, key_.empty() ? "the document" : "'" + key_ + "'", what));
  }
  bool has(const std::string& key) const {
    return value_->is_object() && value_->contains(key) && !(*value_)[key].is_null();
  }
  JsonNode at(const std::string& key) const {
    const JsonNode child(*value_, file_, key_.empty() ? key : key_ + "." + key);
    if (!has(key)) child.fail("is missing");
    return {(*value_)[key], file_, child.key_};
  }
  bool is_list() const { return value_->is_array(); }
  bool is_number() const { return value_->is_number(); }
  std::vector<JsonNode> list() const {
    if (!value_->is_array()) fail("is not a list");
    std::vector<JsonNode> nodes;
    for (const auto& item : *value_)
      nodes.emplace_back(item, file_, fmt::format("{}[{}]", key_, nodes.size()));
    return nodes;
  }
  std::vector<std::pair<std::string, JsonNode>> members() const {
    if (!value_->is_object()) fail("is not an object");
    std::vector<std::pair<std::string, JsonNode>> nodes;
    for (const auto& [name, item] : value_->items()) nodes.emplace_back(name, at(name));
    return nodes;
  }
  double number() const {
    if (!value_->is_number()) fail("is not a number");
    const double number = value_->get<double>();
    if (!std::isfinite(number)) fail("is not finite");
    return number;
  }
  // nnU-Net writes some whole numbers as floats.
  std::int64_t integer() const {
    const double value = number();
    if (value != std::floor(value) || std::fabs(value) > 1e15)
      fail(fmt::format("is {}, not a whole number", value));
    return static_cast<std::int64_t>(value);
  }
  std::string text() const {
    if (!value_->is_string()) fail("is not a text");
    return value_->get<std::string>();
  }
  bool boolean() const {
    if (!value_->is_boolean()) fail("is neither true nor false");
    return value_->get<bool>();
  }

 private:
  const Json* value_;
  std::string file_, key_;
};

}  // namespace hepar
