// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "hepar/tensors/pickle_opcodes.h"
#include "hepar/tensors/pickle_writer.h"

namespace hepar {

// Appends the opcodes of values, without a memo.
class PickleEncoder {
 public:
  // Protocol 2 for torch, 3 where arrays occur.
  explicit PickleEncoder(std::uint8_t protocol) {
    add(pickle::kProto);
    add_little_endian(protocol);
  }

  void add(pickle::Opcode opcode) { bytes_.push_back(static_cast<char>(opcode)); }
  void add_name(std::string_view module, std::string_view name);
  void add_integer(std::int64_t integer);
  void add_text(std::string_view text);
  void add_integers(std::span<const std::int64_t> numbers);  // as a tuple
  void add_value(const PickledValue& value);
  std::string finish();

 private:
  template <class T>
  void add_little_endian(T value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof(T));
  }
  void add_real(double real);
  void add_dictionary(const PickledDict& dictionary);
  void add_array(const PickledArray& array);

  std::string bytes_;
};

}  // namespace hepar
