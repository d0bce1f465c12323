// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "hepar/core/error.h"

namespace hepar {

// A place in the bytes of a pickle. Reading beyond the end is Error(kCorrupt).
class PickleCursor {
 public:
  PickleCursor(std::span<const std::byte> bytes, const std::string& file) : bytes_(bytes), file_(file) {}

  [[noreturn]] void fail(const std::string& text) const {
    throw Error(ErrorCode::kCorrupt,
                fmt::format("{} holds a damaged pickle: at byte {} of {}, {}; copy the file again from its "
                            "source",
                            file_, position_, bytes_.size(), text));
  }

  std::span<const std::byte> take_bytes(std::uint64_t count) {
    const std::uint64_t left = bytes_.size() - position_;
    if (count > left) fail(fmt::format("{} bytes are wanted and {} are left", count, left));
    const auto taken = bytes_.subspan(position_, static_cast<std::size_t>(count));
    position_ += static_cast<std::size_t>(count);
    return taken;
  }
  template <class T>
  T take() {
    T value;
    std::memcpy(&value, take_bytes(sizeof(T)).data(), sizeof(T));
    return value;
  }
  std::string_view take_text(std::uint64_t count) {
    const auto taken = take_bytes(count);
    return {reinterpret_cast<const char*>(taken.data()), taken.size()};
  }
  // Up to the next line feed, which is taken too.
  std::string_view take_line() {
    const auto* start = reinterpret_cast<const char*>(bytes_.data()) + position_;
    const std::string_view left(start, bytes_.size() - position_);
    const std::size_t length = left.find('\n');
    if (length == std::string_view::npos) fail("a name does not end");
    position_ += length + 1;
    return left.substr(0, length);
  }
  const std::string& file() const { return file_; }

 private:
  std::span<const std::byte> bytes_;
  std::size_t position_ = 0;
  const std::string& file_;
};

}  // namespace hepar
