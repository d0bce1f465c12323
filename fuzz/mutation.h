// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <random>
#include <string>

namespace hepar::fuzz {

// One to four changes to a file's bytes, mostly beyond the preamble: flipped bits, bytes, lengths and value
// representations replaced, ranges deleted, repeated or taken from `other`, the end cut off. Equal states of
// `random` give equal bytes.
std::string mutated(std::string bytes, const std::string& other, std::mt19937_64& random);

}  // namespace hepar::fuzz
