// SPDX-License-Identifier: Apache-2.0
#include "hepar/tensors/pickle_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "hepar/core/error.h"
#include "hepar/tensors/pickle_numpy.h"

namespace hepar {
namespace {
using Kind = PickleValue::Kind;
using Json = nlohmann::json;

constexpr int kMaxDepth = 100;
constexpr std::size_t kMaxBytes = std::size_t{64} << 20;

// Writes text rather than a tree of JSON, so that the limit on the text limits everything.
class Writer {
 public:
  explicit Writer(const std::string& file) : file_(file) {}

  void write_dictionary(const PickleValue& value, std::initializer_list<std::string_view> left_out = {}) {
    // A key that comes again has its first place and its last value, as in Python.
    std::unordered_map<std::string, std::size_t> places;
    std::vector<std::pair<const std::string*, const PickleValue*>> entries;
    spent_ += value.items.size();
    for (std::size_t n = 0; n + 1 < value.items.size(); n += 2) {
      const auto [place, is_new] = places.try_emplace(key_text(*value.items[n]), entries.size());
      if (is_new) entries.emplace_back(&place->first, nullptr);
      entries[place->second].second = value.items[n + 1];
    }
    char separator = '{';
    for (const auto& [key, entry] : entries) {
      if (std::find(left_out.begin(), left_out.end(), *key) != left_out.end()) continue;
      text_ += separator;
      separator = ',';
      write_text(*key);
      text_ += ':';
      write(*entry);
    }
    text_ += separator == '{' ? "{}" : "}";
  }

  std::string take() { return std::move(text_); }

 private:
  void check_limits() const {
    if (depth_ <= kMaxDepth && text_.size() + spent_ <= kMaxBytes) return;
    throw Error(ErrorCode::kCorrupt,
                fmt::format("{} holds values that are nested deeper than {} or unfold to more than {} bytes; "
                            "no nnU-Net checkpoint does, so get the file from its source again",
                            file_, kMaxDepth, kMaxBytes));
  }

  void write_text(std::string_view text) {
    text_ += Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
  }
  // Not a number and infinities become null in dump.
  template <class T>
  void write_plain(T value) {
    text_ += Json(value).dump();
  }

  std::string key_text(const PickleValue& key) {
    if (key.is(Kind::kText)) {
      spent_ += key.text.size();
      check_limits();
      return std::string(key.text);
    }
    const std::size_t start = text_.size();
    write(key);
    std::string text = text_.substr(start);
    text_.resize(start);
    spent_ += text.size();
    return text;
  }

  void write(const PickleValue& value) {
    ++depth_;
    check_limits();
    switch (value.kind) {
      case Kind::kBool:
        write_plain(value.integer != 0);
        break;
      case Kind::kInteger:
        write_plain(value.integer);
        break;
      case Kind::kReal:
        write_plain(value.real);
        break;
      case Kind::kText:
        spent_ += value.text.size();
        check_limits();
        write_text(value.text);
        break;
      case Kind::kList:
      case Kind::kTuple:
      case Kind::kSet:
        write_list(value);
        break;
      case Kind::kDict:
        write_dictionary(value);
        break;
      case Kind::kObject:
        write_object(value);
        break;
      default:
        text_ += "null";
    }
    --depth_;
  }

  void write_list(const PickleValue& value) {
    text_ += '[';
    for (std::size_t n = 0; n < value.items.size(); ++n) {
      if (n > 0) text_ += ',';
      write(*value.items[n]);
    }
    text_ += ']';
  }

  void write_object(const PickleValue& value) {
    if (const auto numpy = numpy_value(value)) {
      std::size_t next = 0;
      write_axis(*numpy, 0, next);
      return;
    }
    for (const std::string_view name :
         {"torch.Size", "builtins.set", "builtins.frozenset", "__builtin__.set", "__builtin__.frozenset"}) {
      if (value.is_call(name, 1)) return write(value.argument(0));
    }
    text_ += "null";
  }

  void write_axis(const NumpyValue& numpy, std::size_t axis, std::size_t& next) {
    check_limits();
    if (axis == numpy.shape.size()) {
      std::visit([&](auto number) { write_plain(number); }, numpy.number(next++));
      return;
    }
    text_ += '[';
    for (std::int64_t n = 0; n < numpy.shape[axis]; ++n) {
      if (n > 0) text_ += ',';
      write_axis(numpy, axis + 1, next);
    }
    text_ += ']';
  }

  const std::string& file_;
  std::string text_;
  std::size_t spent_ = 0;  // work that leaves no text
  int depth_ = 0;
};

}  // namespace

std::string pickle_json(const PickleValue& dictionary, std::initializer_list<std::string_view> left_out,
                        const std::string& file) {
  Writer writer(file);
  writer.write_dictionary(dictionary, left_out);
  return writer.take();
}

}  // namespace hepar
