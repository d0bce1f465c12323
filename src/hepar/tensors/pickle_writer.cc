// SPDX-License-Identifier: Apache-2.0
#include "hepar/tensors/pickle_writer.h"

#include <bit>
#include <limits>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/tensors/byte_count.h"
#include "hepar/tensors/pickle_encoder.h"

namespace hepar {
using namespace pickle;

void PickleEncoder::add_name(std::string_view module, std::string_view name) {
  add(kGlobal);
  bytes_.append(module).append("\n").append(name).append("\n");
}

void PickleEncoder::add_integer(std::int64_t integer) {
  if (integer >= std::numeric_limits<std::int32_t>::min() &&
      integer <= std::numeric_limits<std::int32_t>::max()) {
    add(kBinInt);
    add_little_endian(static_cast<std::int32_t>(integer));
  } else {
    add(kLong1);
    add_little_endian(std::uint8_t{8});
    add_little_endian(integer);
  }
}

void PickleEncoder::add_text(std::string_view text) {
  HEPAR_EXPECT(text.size() <= std::numeric_limits<std::uint32_t>::max(), "a text of more than 4 GiB");
  add(kBinUnicode);
  add_little_endian(static_cast<std::uint32_t>(text.size()));
  bytes_.append(text);
}

void PickleEncoder::add_real(double real) {
  add(kBinFloat);
  const auto bits = std::bit_cast<std::uint64_t>(real);
  for (int shift = 56; shift >= 0; shift -= 8) bytes_.push_back(static_cast<char>(bits >> shift));
}

void PickleEncoder::add_integers(std::span<const std::int64_t> numbers) {
  add(kMark);
  for (const auto number : numbers) add_integer(number);
  add(kTuple);
}

void PickleEncoder::add_dictionary(const PickledDict& dictionary) {
  add(kEmptyDict);
  add(kMark);
  for (const auto& [key, value] : dictionary.items) {
    add_text(key);
    add_value(value);
  }
  add(kSetItems);
}

// numpy.core.multiarray._reconstruct(ndarray, (0,), b'b') with the state (1, shape, dtype, False, bytes), as
// ndarray.__reduce__ gives; NumPy 2 still knows this name.
void PickleEncoder::add_array(const PickledArray& array) {
  const std::size_t size = array.values.size() * sizeof(double);
  HEPAR_EXPECT(byte_count(array.shape, sizeof(double)) == size, "an array's shape does not fit its values");
  HEPAR_EXPECT(size <= std::numeric_limits<std::uint32_t>::max(), "an array of more than 4 GiB");
  add_name("numpy.core.multiarray", "_reconstruct");
  add_name("numpy", "ndarray");
  add_integers({{0}});
  add(kShortBinBytes);
  bytes_.append("\1b");
  add(kTuple3);
  add(kReduce);
  add(kMark);
  add_integer(1);
  add_integers(array.shape);
  add_name("numpy", "dtype");
  add_text("f8");
  add(kNewFalse);
  add(kNewTrue);
  add(kTuple3);
  add(kReduce);
  add(kMark);
  add_integer(3);
  add_text("<");
  for (int n = 0; n < 3; ++n) add(kNone);
  for (const std::int64_t number : {-1, -1, 0}) add_integer(number);
  add(kTuple);
  add(kBuild);
  add(kNewFalse);
  add(kBinBytes);
  add_little_endian(static_cast<std::uint32_t>(size));
  bytes_.append(reinterpret_cast<const char*>(array.values.data()), size);
  add(kTuple);
  add(kBuild);
}

void PickleEncoder::add_value(const PickledValue& value) {
  const auto add_items = [&](const std::vector<PickledValue>& items) {
    for (const auto& item : items) add_value(item);
  };
  struct Visitor {
    PickleEncoder& to;
    const decltype(add_items)& items_of;
    void operator()(std::monostate) const { to.add(kNone); }
    void operator()(bool truth) const { to.add(truth ? kNewTrue : kNewFalse); }
    void operator()(std::int64_t integer) const { to.add_integer(integer); }
    void operator()(double real) const { to.add_real(real); }
    void operator()(const std::string& text) const { to.add_text(text); }
    void operator()(const PickledList& list) const {
      to.add(kEmptyList);
      to.add(kMark);
      items_of(list.items);
      to.add(kAppends);
    }
    void operator()(const PickledTuple& tuple) const {
      to.add(kMark);
      items_of(tuple.items);
      to.add(kTuple);
    }
    void operator()(const PickledDict& dictionary) const { to.add_dictionary(dictionary); }
    void operator()(const PickledArray& array) const { to.add_array(array); }
  };
  std::visit(Visitor{*this, add_items}, value.value);
}

std::string PickleEncoder::finish() {
  add(kStop);
  return std::move(bytes_);
}

void write_pickle(const std::filesystem::path& path, const PickledValue& value) {
  PickleEncoder encoder(3);
  encoder.add_value(value);
  write_text_file(path, encoder.finish());
}

}  // namespace hepar
