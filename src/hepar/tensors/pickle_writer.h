// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace hepar {

// A value of Python to be pickled.
struct PickledValue;
struct PickledList {
  std::vector<PickledValue> items;
};
struct PickledTuple {
  std::vector<PickledValue> items;
};
struct PickledDict {
  std::vector<std::pair<std::string, PickledValue>> items;  // in order
};
// A NumPy array of float64, last axis fastest.
struct PickledArray {
  std::vector<std::int64_t> shape;
  std::vector<double> values;
};
struct PickledValue {
  std::variant<std::monostate, bool, std::int64_t, double, std::string, PickledList, PickledTuple,
               PickledDict,
               PickledArray>
      value;  // std::monostate: None
};

// Writes a pickle that Python 3 and any NumPy read, whole or not at all: for the properties file that nnU-Net
// keeps beside probabilities.
void write_pickle(const std::filesystem::path& path, const PickledValue& value);

}  // namespace hepar
