// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/name_pattern.h"

#include <cstddef>

namespace hepar {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Of UTF-8: a byte that belongs to the character before.
bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

}  // namespace

bool matches_pattern(std::string_view name, std::string_view pattern) {
  name = trimmed(name), pattern = trimmed(pattern);
  std::size_t n = 0, p = 0;
  // Where to go on when a match fails: behind the last *, which then takes one character more.
  std::size_t behind_star = std::string_view::npos, taken = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      behind_star = ++p;
      taken = n;
    } else if (p < pattern.size() && pattern[p] == '?') {
      ++p, ++n;
      while (n < name.size() && continues_character(name[n])) ++n;
    } else if (p < pattern.size() && lower(pattern[p]) == lower(name[n])) {
      ++n, ++p;
    } else if (behind_star != std::string_view::npos) {
      p = behind_star;
      n = ++taken;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace hepar
