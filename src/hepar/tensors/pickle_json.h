// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "hepar/tensors/pickle.h"

namespace hepar {

// A dictionary of a pickle as JSON text, its keys in order and those of `left_out` left out. Tuples and sets
// become lists, NumPy's numbers and arrays plain ones, keys that are no text their JSON text; NaN,
// infinities, integers beyond 64 bits, bytes and objects become null. Values nested deeper than 100, or more
// than 64 MiB of text, which shared values can make out of a small pickle, are Error(kCorrupt) naming `file`.
std::string pickle_json(const PickleValue& dictionary, std::initializer_list<std::string_view> left_out,
                        const std::string& file);

}  // namespace hepar
