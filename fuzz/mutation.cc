// SPDX-License-Identifier: Apache-2.0
#include "mutation.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <iterator>
#include <string_view>

namespace hepar::fuzz {
namespace {

class Mutator {
 public:
  Mutator(std::string& bytes, const std::string& other, std::mt19937_64& random)
      : bytes_(bytes), other_(other), random_(random) {}

  void change() {
    switch (below(10)) {
      case 0:
      case 1:
        return flip_bit();
      case 2:
        return replace_byte();
      case 3:
      case 4:
        return replace_length();
      case 5:
        return replace_value_representation();
      case 6:
        return replace_in_text();
      case 7:
        return erase_range();
      case 8:
        return insert_range();
      default:
        return cut_end();
    }
  }

 private:
  std::size_t below(std::size_t limit) { return limit == 0 ? 0 : random_() % limit; }

  // The preamble's bytes mean nothing, and half of the changes go where the attributes are.
  std::size_t place() {
    constexpr std::size_t kPreamble = 128, kHeaders = 1500;
    if (bytes_.size() <= kPreamble) return below(bytes_.size());
    const std::size_t rest = bytes_.size() - kPreamble;
    return kPreamble + below(below(2) == 0 ? std::min(rest, kHeaders) : rest);
  }

  void flip_bit() {
    const std::size_t at = place();
    bytes_[at] = static_cast<char>(bytes_[at] ^ (1 << below(8)));
  }

  void replace_byte() {
    constexpr std::string_view kBytes("\0\xff\x7f\x80\x01\\", 6);
    bytes_[place()] = kBytes[below(kBytes.size())];
  }

  // Two or four bytes with a number that lengths and counts go wrong at.
  void replace_length() {
    constexpr std::uint32_t kNumbers[] = {
        0, 1, 2, 7, 0xff, 0xfffe, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff, 100};
    const std::uint32_t number = kNumbers[below(std::size(kNumbers))];
    const std::size_t at = place() & ~std::size_t{1}, count = below(2) == 0 ? 2 : 4;
    for (std::size_t n = 0; n < count && at + n < bytes_.size(); ++n)
      bytes_[at + n] = static_cast<char>(number >> (8 * n) & 0xff);
  }

  void replace_value_representation() {
    constexpr std::string_view kNames = "AEASATCSDADSDTFDFLISLOLTOBODOFOLOWPNSHSLSQSSSTTMUCUIULUNURUSUT";
    const std::size_t at = find([](char a, char b) { return std::isupper(a) != 0 && std::isupper(b) != 0; });
    if (at == std::string::npos) return;
    const std::size_t name = 2 * below(kNames.size() / 2);
    bytes_.replace(at, 2, kNames.substr(name, 2));
  }

  void replace_in_text() {
    constexpr std::string_view kCharacters = "0123456789.-+eE\\ ^=x\n\x1b\xe4";
    const std::size_t at = find([](char a, char b) { return std::isdigit(a) != 0 && std::isprint(b) != 0; });
    if (at != std::string::npos) bytes_[at] = kCharacters[below(kCharacters.size())];
  }

  // The next two characters from a random place on that `wanted` takes.
  template <class Wanted>
  std::size_t find(const Wanted& wanted) {
    for (std::size_t at = place(); at + 1 < bytes_.size(); ++at) {
      const auto plain = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
      if (plain(bytes_[at]) && plain(bytes_[at + 1]) && wanted(bytes_[at], bytes_[at + 1])) return at;
    }
    return std::string::npos;
  }

  void erase_range() { bytes_.erase(place(), 1 + below(40)); }

  void insert_range() {
    const std::string& source = below(2) == 0 ? bytes_ : other_;
    const std::string range = source.substr(below(source.size()), 1 + below(200));
    bytes_.insert(place(), range);
  }

  void cut_end() {
    bytes_.resize(below(4) == 0 ? place()
                                : bytes_.size() - 1 - below(std::min<std::size_t>(64, bytes_.size() - 1)));
  }

  std::string& bytes_;
  const std::string& other_;
  std::mt19937_64& random_;
};

}  // namespace

std::string mutated(std::string bytes, const std::string& other, std::mt19937_64& random) {
  Mutator mutator(bytes, other, random);
  for (auto changes = 1 + random() % 4; changes > 0 && !bytes.empty(); --changes) mutator.change();
  return bytes;
}

}  // namespace hepar::fuzz
