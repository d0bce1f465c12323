// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/uid.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <vector>

#include "hepar/digest/sha256.h"

namespace hepar::dicom {
namespace {

// 32 hexadecimal digits as a decimal number without leading zeros.
std::string decimal_from_hex(std::string_view hex) {
  std::vector<int> digits{0};  // of the decimal number, the last first
  for (const char c : hex) {
    int carry = c <= '9' ? c - '0' : c - 'a' + 10;
    for (int& digit : digits) {
      carry += 16 * digit;
      digit = carry % 10;
      carry /= 10;
    }
    for (; carry > 0; carry /= 10) digits.push_back(carry % 10);
  }
  std::string text;
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit) text += static_cast<char>('0' + *digit);
  return text;
}

// The first 32 hexadecimal digits as a UUID of this version; the variant is 10 in binary (RFC 9562 4.1, 4.2).
std::string uid_of_hex(std::string hex, char version) {
  hex.resize(32);
  hex[12] = version;
  hex[16] = "89ab"[(hex[16] <= '9' ? hex[16] - '0' : hex[16] - 'a' + 10) & 3];
  return fmt::format("2.25.{}", decimal_from_hex(hex));
}

}  // namespace

std::string new_uid() {
  std::random_device random;
  std::string hex;
  for (int word = 0; word < 4; ++word) hex += fmt::format("{:08x}", random());
  return uid_of_hex(hex, '4');
}

std::string uid_from(std::string_view text) { return uid_of_hex(sha256_hex(text), '8'); }

bool is_uid(std::string_view text) {
  if (text.empty() || text.size() > 64) return false;
  bool fresh = true, zero = false;  // at the start of a number; after a leading zero
  for (const char c : text) {
    if (c == '.') {
      if (fresh) return false;
      fresh = true, zero = false;
    } else {
      if (c < '0' || c > '9' || zero) return false;
      zero = fresh && c == '0';
      fresh = false;
    }
  }
  return !fresh;
}

bool can_be_referred_to(std::string_view uid) {
  const auto allowed = [](char c) { return c == '.' || (c >= '0' && c <= '9'); };
  return !uid.empty() && uid.size() <= 64 && std::ranges::all_of(uid, allowed);
}

}  // namespace hepar::dicom
